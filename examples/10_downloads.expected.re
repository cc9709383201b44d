6 files one after another: [0-9]+\.[0-9][0-9] s
6 files at once: [0-9]+\.[0-9][0-9] s
12 of 12 downloads are right
