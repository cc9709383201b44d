import os
import sys
from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(8) as pool:
    for size in pool.map(os.path.getsize, sys.argv[1:]):
        print(size)
