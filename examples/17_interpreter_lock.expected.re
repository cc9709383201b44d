computing, one after another: [0-9]+\.[0-9][0-9] s
computing, on threads: [0-9]+\.[0-9][0-9] s
waiting, one after another: [0-9]+\.[0-9][0-9] s
waiting, on threads: [0-9]+\.[0-9][0-9] s
both, on threads: [0-9]+\.[0-9][0-9] s
2262 primes, 100 answers
