"""The service that oslo.reports is measured in: green threads suspended below three calls.

It answers the line `tasks N 0` as BenchTarget does, and ends each report with a line `finished by:`.
"""
import signal
import sys

import greenlet
from oslo_reports import guru_meditation_report as gmr

hub = greenlet.getcurrent()


class Version:
    def vendor_string(self):
        return "Example"

    def product_string(self):
        return "bench"

    def version_string_with_package(self):
        return "1"


def outer():
    middle()


def middle():
    inner()


def inner():
    hub.switch()


gmr.TextGuruMeditation.setup_autorun(Version())
write_report = signal.getsignal(signal.SIGUSR2)


def report_and_end(number, frame):
    write_report(number, frame)
    print("\nfinished by: oslo.reports", file=sys.stderr, flush=True)


signal.signal(signal.SIGUSR2, report_and_end)

suspended = []
for line in sys.stdin:
    for _ in range(int(line.split()[1])):
        suspended.append(greenlet.greenlet(outer))
        suspended[-1].switch()
    print("0", flush=True)
