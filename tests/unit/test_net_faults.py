"""Replies of real dispynodes 4.15.2 to jobs that came to nothing: whose fault was it?"""

import pytest

from gsched.net.nodes.faults import is_nodes_own, last_line
from gsched.wire import records
from gsched.wire.records import JobReply

HEAD = "Traceback (most recent call last):\n"
HERE = '  File "/usr/lib/python3.11/site-packages/dispy/dispynode.py", line '

RACE = f"""{HEAD}{HERE}1209, in job_request
    pickle.dump({{'pid': job_info.proc.pid, 'ppid': self.pid}}, fd)
                         ^^^^^^^^^^^^^^^^^
AttributeError: 'NoneType' object has no attribute 'pid'
"""
NO_MEMORY = f"""{HEAD}{HERE}1205, in job_request
    job_info.proc.start()
  File "/usr/lib/python3.11/multiprocessing/process.py", line 121, in start
    self._popen = self._Popen(self)
  File "/usr/lib/python3.11/multiprocessing/popen_fork.py", line 66, in _launch
    self.pid = os.fork()
BlockingIOError: [Errno 11] Resource temporarily unavailable
"""
PROGRAM = f"""{HEAD}{HERE}2364, in __job_program
    job_info.proc = subprocess.Popen(program, stdout=subprocess.PIPE,
  File "/usr/lib/python3.11/subprocess.py", line 1950, in _execute_child
    raise child_exception_type(errno_num, err_msg, err_filename)
"""
BUSY = PROGRAM + "OSError: [Errno 26] Text file busy: '/tmp/dispy/node/127.0.0.1/1_x/leave.sh'\n"

RAISED = f'{HEAD}  File "<string>", line 6, in three\nValueError: three is wrong\n'
IN_DISPY = f"""{HEAD}  File "<string>", line 6, in sends
{HERE}140, in dispy_send_file
    sock.connect(__dispy_client_reply_addr)
OSError: [Errno 26] whatever
"""
ARGUMENTS = "TypeError: three() missing 1 required positional argument: 'n'\n"
MISSING = PROGRAM + "FileNotFoundError: [Errno 2] No such file or directory: 'leave.sh'\n"
DENIED = PROGRAM + "PermissionError: [Errno 13] Permission denied: 'leave.sh'\n"
NONE = PROGRAM + "OSError: [Errno 8] Exec format error: 'leave.sh'\n"


def reply(exception: object, status: int = records.TERMINATED) -> JobReply:
    return JobReply(
        uid=1,
        hash="h",
        ip_addr="127.0.0.2",
        status=status,
        result=b"",
        stdout="",
        stderr="",
        exception=exception,
        start_time=0.0,
        end_time=0.0,
    )


@pytest.mark.parametrize("text", [RACE, NO_MEMORY, BUSY])
def test_faults_of_the_node(text: str) -> None:
    assert is_nodes_own(reply(text))


@pytest.mark.parametrize(
    "text", [RAISED, IN_DISPY, ARGUMENTS, MISSING, DENIED, NONE, "", None, b"Traceback"]
)
def test_faults_of_the_job(text: object) -> None:
    assert not is_nodes_own(reply(text))


def test_a_job_that_finished_has_no_fault() -> None:
    assert not is_nodes_own(reply(RACE, records.FINISHED))


def test_what_went_wrong_is_its_last_line() -> None:
    assert last_line(reply(RACE)) == "AttributeError: 'NoneType' object has no attribute 'pid'"
    assert last_line(reply(None)) == ""
