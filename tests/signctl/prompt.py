#!/usr/bin/env python3
"""prompt.py PIN COMMAND...: runs COMMAND at a terminal of its own, types PIN
when it is asked for, and prints what was to be seen there.  Its status is that
of COMMAND; 99 if the PIN was to be seen, 98 if nobody asked for it, 97 if the
terminal does not show what is typed afterwards.  The PIN ^C is the key."""
import os
import pty
import select
import signal
import sys
import termios

pin = sys.argv[1].encode()
pid, fd = pty.fork()
if pid == 0:
    # Who starts the tests in the background has it ignored.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execvp(sys.argv[2], sys.argv[2:])
seen, asked = b"", False
while select.select([fd], [], [], 60)[0]:
    try:
        part = os.read(fd, 4096)
    except OSError:
        break
    if not part:
        break
    seen += part
    if not asked and seen.endswith(b"PIN: "):
        asked = True
        os.write(fd, b"\x03" if pin == b"^C" else pin + b"\n")
echo = termios.tcgetattr(fd)[3] & termios.ECHO
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.buffer.write(seen)
sys.exit(97 if not echo else 99 if pin in seen and pin != b"^C" else
         98 if not asked and status == 0 else status % 256)
