"""Two threads run at the same time; whose line comes first is anybody's guess."""

import sys

from threadwise import threading


# Each line is written as a whole, because another thread may write between print()'s text and its end.
def print_numbers():
    for i in range(1, 6):
        sys.stdout.write(f"{i}\n")


def print_letters():
    for letter in "abcde":
        sys.stdout.write(f"{letter}\n")


numbers = threading.Thread(target=print_numbers)
letters = threading.Thread(target=print_letters)
numbers.start()
letters.start()
numbers.join()
letters.join()
print("Both threads have ended.")
