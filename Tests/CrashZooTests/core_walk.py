# Writes to the file ZOO_OUTPUT what the loaded core dump says: {signal, code, address, crashed, threads: {tid: [pc]}},
# frames innermost first, physical ones alone. Run as `gdb -batch -nx -x core_walk.py EXE CORE`.
import json
import os

import gdb

for setting in ("pagination off", "confirm off", "backtrace limit unlimited", "backtrace past-main on"):
    gdb.execute("set " + setting)


def field(name):
    try:
        return int(gdb.parse_and_eval("$_siginfo." + name))
    except gdb.error:
        return None


def frames(thread):
    thread.switch()
    result = []
    try:
        frame = gdb.newest_frame()
        while frame is not None and len(result) < 4096:
            # What a tail call left is nowhere on the stack; gdb infers it from debug information.
            if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
                result.append(frame.pc())
            frame = frame.older()
    except gdb.error:
        pass
    return result


crashed = gdb.selected_thread()
found = {
    "signal": field("si_signo"),
    "code": field("si_code"),
    "address": field("_sifields._sigfault.si_addr"),
    "crashed": crashed.ptid[1],
    "threads": {str(thread.ptid[1]): frames(thread) for thread in gdb.selected_inferior().threads()},
}
with open(os.environ["ZOO_OUTPUT"], "w") as output:
    json.dump(found, output)
