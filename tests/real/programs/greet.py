"""The program that nodes run: a dispynode starts it by its Python, since its name ends in .py."""

import sys
import time

time.sleep(0.1)
print(f"hello {sys.argv[1]}")
