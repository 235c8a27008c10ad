"""Asks a server for its page from several threads: http_load.py PORT THREADS REQUESTS. Prints how many failed."""
import http.client
import sys
import threading

port, thread_count, request_count = map(int, sys.argv[1:])
failures = []


def ask():
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(request_count):
        try:
            connection.request("GET", "/page.txt")
            response = connection.getresponse()
            if response.status != 200 or response.read() != b"a page\n":
                failures.append(f"status {response.status}")
        except Exception as error:
            failures.append(repr(error))
            connection.close()


threads = [threading.Thread(target=ask) for _ in range(thread_count)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"{len(failures)} of {thread_count * request_count} failed", *failures[:3])
