"""All rows."""

from naive.decoding import DECODING
from naive.files import FILES
from naive.floods import FLOODS
from naive.page import PAGE
from naive.page_floods import PAGE_FLOODS
from naive.peers import PEERS
from naive.row import Row
from naive.secrets import SECRETS
from naive.shares import SHARES

ROWS: tuple[Row, ...] = (*DECODING, *FILES, *PEERS, *SHARES, *FLOODS, *SECRETS, *PAGE, *PAGE_FLOODS)
