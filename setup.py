"""Packaging of gsched: what it is called, what it needs and why."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+?)"', (HERE / "gsched/__init__.py").read_text())[1]

setup(
    name="gsched",
    version=VERSION,
    description="Shared job scheduler for dispy: many programs, many machines, one fair queue",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=[*find_packages(include=["gsched", "gsched.*"]), "gsched.web"],
    package_dir={"gsched.web": "web"},
    package_data={"gsched": ["py.typed"], "gsched.web": ["*", "**/*"]},
    data_files=[
        ("share/gsched", sorted(f"conf/{path.name}" for path in (HERE / "conf").iterdir())),
        ("share/man/man1", ["conf/gschedctl.1"]),
    ],
    install_requires=[
        "gevent>=26.4",  # a greenlet per socket; 26.4 mends leaking short TLS reads
        "bottle>=0.13,<0.14",  # routes of the page and its API; 0.14 changes how forms are decoded
        "ConfigArgParse>=1.7,<2",  # one option from command line, environment or file
        "pycryptodome>=3.20,<5",  # hashes and random bytes of the handshake
        "prometheus_client>=0.20,<1",  # figures for Prometheus, in its own text format
        "argcomplete>=3.5,<4",  # completion in bash, zsh and fish, also of clusters and nodes
        "httpx2>=2.9,<3",  # gschedctl asks at unix sockets and by TLS; httpx goes on in it
        "psutil>=5.9,<8",  # addresses of this host's interfaces
        "PyYAML>=6,<7",  # the policy file, with the line of each value for what is wrong with it
        "rich>=13,<16",  # tables on the console, progress bars of the demonstration
    ],
    extras_require={
        "node": [
            "dispy>=4.15.2,<4.16",  # the real dispynode that --local_node runs, with its pycos
        ],
        "fuzz": [
            "atheris>=2.3,<4",  # finds bytes that take new ways through the decoder
        ],
        "audit": [
            "bandit[toml]>=1.8,<2",  # finds what often goes wrong in code
            "pip-audit>=2.9,<3",  # finds packages with known holes
        ],
        "test": [
            "dispy>=4.15.2,<4.16",  # unmodified peers for the end-to-end tests
            "pytest>=8,<10",  # runs the tests
            "pytest-xdist>=3.6,<4",  # tests of real processes wait most of the time: four at once
            "pytest-timeout>=2.3,<3",  # a test that hangs fails with its stacks
            "hypothesis>=6.100,<7",  # state machines and mutated bytes
            "jsonschema>=4.20,<5",  # answers of the API are as its OpenAPI document says
            "ruff>=0.9,<1",  # style
            "mypy>=1.14,<3",  # types
            "playwright>=1.49,<2",  # drives the page in a real browser
            "axe-playwright-python>=0.1.4,<0.2",  # finds what keeps people out of the page
            "build>=1.2,<2",  # wheel and sdist, as tests install them
        ],
    },
    entry_points={
        "console_scripts": [
            "gsched = gsched.__main__:main",
            "gsched-dispyscheduler = gsched.__main__:main",
            "gschedctl = gsched.ctl.__main__:main",
        ]
    },
    classifiers=[
        "Environment :: No Input/Output (Daemon)",
        "Intended Audience :: Science/Research",
        "License :: OSI Approved :: Apache Software License",
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: System :: Distributed Computing",
    ],
)
