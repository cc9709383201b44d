"""Arguments go to the function as they are: objects are shared, not copied."""

from threadwise import threading


def repeat(word, times, words):
    for _ in range(times):
        words.append(word)


def consume(message):
    print(f"{threading.current_thread().name} got: {message}")


words = []
filler = threading.Thread(target=repeat, args=("hello", 3), kwargs={"words": words})
filler.start()
filler.join()
for word in words:
    print(word)

owner = threading.Thread(target=consume, name="owner", args=("it is yours now",))
owner.start()
owner.join()
