# Walks every thread of the process ZOO_PID, or of the core ZOO_CORE of the program ZOO_PROGRAM, and writes JSON to the file ZOO_OUTPUT: [{tid, name, stop, frames: [{pc,
# name, kind, module, file, line}]}], innermost frame first. Run as `gdb -batch -nx -x gdb_walk.py`.
#
# ZOO_DEBUG_FILES: where gdb looks for separate debug files; a directory that is not there makes it see the same
# files as the process itself.
import json
import os

import gdb

KINDS = {gdb.NORMAL_FRAME: "normal", gdb.INLINE_FRAME: "inline", gdb.SIGTRAMP_FRAME: "signal"}


def linkage_name(frame):
    """The linker's name: from DWARF, else from the symbol table (demangling is off, so name() is the raw one)."""
    symbol = frame.function()
    return symbol.linkage_name if symbol is not None else frame.name()


def describe(frame):
    where = frame.find_sal()
    return {
        "pc": frame.pc(),
        "name": linkage_name(frame),
        "kind": KINDS.get(frame.type(), "other"),
        "module": gdb.solib_name(frame.pc()),
        "file": where.symtab.fullname() if where.symtab else None,
        "line": where.line,
    }


def walk(thread):
    thread.switch()
    frames, stop = [], None
    try:
        frame = gdb.newest_frame()
        while frame is not None:
            frames.append(describe(frame))
            if frame.older() is None:
                stop = gdb.frame_stop_reason_string(frame.unwind_stop_reason())
            frame = frame.older()
    except gdb.error as error:
        stop = str(error)
    return {"tid": thread.ptid[1], "name": thread.name, "stop": stop, "frames": frames}


for setting in (
    "pagination off",
    "confirm off",
    "print demangle off",
    "print frame-arguments none",
    "backtrace limit unlimited",
    "backtrace past-main on",
    "auto-load off",
    "debuginfod enabled off",
    "sysroot /",
    "debug-file-directory " + os.environ["ZOO_DEBUG_FILES"],
):
    gdb.execute("set " + setting)


def walk_attached(pid):
    gdb.execute("attach %d" % pid, to_string=True)
    try:
        return [walk(thread) for thread in gdb.selected_inferior().threads()]
    finally:
        gdb.execute("detach", to_string=True)


def state(path):
    with open(path + "/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0]


def walk_core(program, core):
    gdb.execute("file " + program, to_string=True)
    gdb.execute("core-file " + core, to_string=True)
    selected = gdb.selected_thread()
    return sorted((walk(thread) for thread in gdb.selected_inferior().threads()),
                  key=lambda thread: thread["tid"] != selected.ptid[1])


# gdb refuses a process whose main thread has ended: then attach to each of the others by itself.
process = int(os.environ.get("ZOO_PID", "0"))
if "ZOO_CORE" in os.environ:
    threads = walk_core(os.environ["ZOO_PROGRAM"], os.environ["ZOO_CORE"])
elif state("/proc/%d" % process) == "Z":
    tids = [int(tid) for tid in os.listdir("/proc/%d/task" % process) if int(tid) != process]
    threads = [thread for tid in tids for thread in walk_attached(tid)]
else:
    threads = walk_attached(process)
with open(os.environ["ZOO_OUTPUT"], "w") as output:
    json.dump(threads, output)
