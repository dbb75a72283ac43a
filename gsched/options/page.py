"""Options of the web page, and of who may see it."""

from gsched.options import values
from gsched.options.option import Option

_PAGE = "Web page"

PAGE: tuple[Option, ...] = (
    Option(
        "httpd",
        _PAGE,
        "Start the web page that monitors and manages all clusters, each shown as "
        "name @ client address.",
    ),
    Option(
        "http_host",
        _PAGE,
        "Name or address at which the page is served. One that other hosts reach takes accounts: "
        "see --http_accounts.",
        metavar="ADDR",
        read=values.host,
        default="127.0.0.1",
    ),
    Option(
        "http_port",
        _PAGE,
        "TCP port of the page; 0 picks a free one.",
        metavar="N",
        read=values.own_port,
        default="8181",
    ),
    Option(
        "http_connections",
        _PAGE,
        "Connections to the page at the same time, of which half may be pages that watch. Where "
        "they get scarce, those that ask for nothing are closed.",
        metavar="N",
        read=values.many,
        default="512",
    ),
    Option(
        "http_accounts",
        _PAGE,
        "File with the accounts of those who may see and use the page, written by gsched passwd "
        "and gsched token. While there is none, whoever reaches the page may do "
        "everything.",
        metavar="FILE",
        read=values.path,
        default="",
        default_shown="accounts in --dest_path_prefix",
    ),
    Option(
        "http_certfile",
        _PAGE,
        "File with the certificate, and those of its issuers, with which the page is served by "
        "https.",
        metavar="FILE",
        read=values.path,
        default="",
    ),
    Option(
        "http_keyfile",
        _PAGE,
        "File with the key of that certificate. Not needed when the certificate file has the key "
        "inside.",
        metavar="FILE",
        read=values.path,
        default="",
    ),
    Option(
        "http_name",
        _PAGE,
        "Name or address by which browsers may ask for the page, besides --http_host, localhost "
        "and the name of this host. Repeat it for several.",
        metavar="NAME",
        read=values.host,
        default=(),
        repeatable=True,
    ),
    Option(
        "http_url",
        _PAGE,
        "Where browsers find the page behind a proxy, such as https://gsched.example.org/. The "
        "proxy has to pass on the Host header, or to set it to that of --http_host.",
        metavar="URL",
        read=values.url,
        default="",
    ),
    Option(
        "http_read_only",
        _PAGE,
        "The page and the API only show: nobody can change anything there. The Unix socket of "
        "gschedctl is not meant.",
    ),
)
