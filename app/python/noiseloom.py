"""Drive Noiseloom from Python: open graphs, run them, watch and steer every step, fork, compare.

    import noiseloom

    with noiseloom.Worker() as worker:
        graph = worker.open("graphs/ddim.loom")
        graph.set("seed", 3)
        run = graph.run(record=["predict.x0"], pause_at=12)
        run.wait_paused()
        x0 = run.tensor("predict.x0", 11)       # a numpy array where numpy is there
        run.continue_().wait()
        fork = run.fork(at=12, set={"eta": 1})
        fork.wait()
        print(noiseloom.diff(run, fork)["ports"][0]["text"])

One file, Python 3.9 or newer, the standard library alone. Runs happen in a worker process of their own,
`noiseloom worker`; app/worker/PROTOCOL.md describes what goes over the wire. Objects may be used from any
thread. Whatever goes wrong is a NoiseloomError, with `node` and `port` where it has a place in the graph.
"""

from __future__ import annotations

import array
import collections
import json
import mmap
import os
import queue
import shutil
import signal
import socket as _socket
import struct
import subprocess
import threading
import time
import traceback
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple, Union

try:
    import numpy as _numpy
except ImportError:
    _numpy = None

__all__ = ["Worker", "Graph", "Run", "Tensor", "Preview", "LivePreview", "NoiseloomError", "GraphError",
           "RunFailed", "WorkerDied", "diff", "find_program"]

PROTOCOL = 1
OVER = ("finished", "failed", "stopped")


class NoiseloomError(Exception):
    """The worker refused or failed. `kind` says in a word what of, `node` and `port` where, `data` all of it."""

    def __init__(self, message: str, code: int = 0, data: Optional[dict] = None):
        self.data = data or {}
        self.code = code
        self.kind: str = self.data.get("kind", "")
        self.node: str = self.data.get("node", "")
        self.port: str = self.data.get("port", "")
        place = self.node + ("." + self.port if self.node and self.port else "")
        super().__init__(place + ": " + message if place else message)


class GraphError(NoiseloomError):
    """The graph can't be read, set or run as it is."""


class RunFailed(NoiseloomError):
    """A run that was waited for has failed; `run` is the run."""

    def __init__(self, message: str, data: dict, run: "Run"):
        super().__init__(message, 0, data)
        self.run = run


class WorkerDied(NoiseloomError):
    """The worker process has ended; nothing that it held is there any more."""


def find_program(program: Optional[str] = None) -> str:
    """The runner: `program`, else $NOISELOOM, else the build of the sources this file lies in, else $PATH."""
    if program:
        return os.fspath(program)
    if os.environ.get("NOISELOOM"):
        return os.environ["NOISELOOM"]
    here = os.path.dirname(os.path.abspath(__file__))
    for place in ("noiseloom", "../../build/noiseloom", "../../../bin/noiseloom"):
        path = os.path.normpath(os.path.join(here, place))
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    found = shutil.which("noiseloom")
    if not found:
        raise NoiseloomError("the program noiseloom was not found; name it, or set $NOISELOOM")
    return found


# --- values ---

_FORMATS = {"float32": "f", "float64": "d", "int64": "q", "int32": "i", "int16": "h", "int8": "b", "uint8": "B",
            "uint16": "H", "uint32": "I", "uint64": "Q", "bool": "?"}


class Tensor:
    """What `Run.tensor` gives where there is no numpy: `shape`, `dtype` and `data`, a flat memoryview, row major.

    float16 and bfloat16 are given as float32; dtypes that Python has no numbers for, as bytes.
    """

    def __init__(self, data: memoryview, dtype: str, shape: Sequence[int]):
        self.data, self.dtype, self.shape = data, dtype, tuple(shape)

    def __len__(self) -> int:
        return self.shape[0] if self.shape else 1

    def __getitem__(self, index: Union[int, Tuple[int, ...]]) -> Any:
        """The number at a full index, else the part of the tensor below a shorter one."""
        index = index if isinstance(index, tuple) else (index,)
        if len(index) > len(self.shape):
            raise IndexError("the tensor has %d axes" % len(self.shape))
        start, size = 0, _count(self.shape)
        for at, length in zip(index, self.shape):
            if not -length <= at < length:
                raise IndexError("index %d of an axis of %d" % (at, length))
            size //= length
            start += (at % length) * size
        if len(index) == len(self.shape):
            return self.data[start]
        return Tensor(self.data[start:start + size], self.dtype, self.shape[len(index):])

    def item(self) -> Any:
        """The only number there is."""
        if len(self.data) != 1:
            raise ValueError("the tensor has %d elements" % len(self.data))
        return self.data[0]

    def tolist(self) -> Any:
        """Nested lists."""
        if not self.shape:
            return self.data[0]
        return [self[i] if len(self.shape) == 1 else self[i].tolist() for i in range(self.shape[0])]

    def __repr__(self) -> str:
        return "Tensor(%s %s)" % (self.dtype, list(self.shape))


def _count(shape: Sequence[int]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def _map(path: str, size: int) -> Union[mmap.mmap, bytes]:
    """A shared file of the worker as memory; it stays there when the worker lets go of it."""
    if size == 0:
        return b""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return mmap.mmap(file, size, prot=mmap.PROT_READ)
    finally:
        os.close(file)


def _widened(raw: Union[mmap.mmap, bytes], dtype: str) -> memoryview:
    """float16 and bfloat16 as float32."""
    if dtype == "float16":
        return memoryview(array.array("f", struct.unpack("<%de" % (len(raw) // 2), raw)))
    bits = array.array("H", bytes(raw))
    wide = array.array("I", (each << 16 for each in bits))
    return memoryview(wide).cast("B").cast("f")


def _tensor(described: dict) -> Any:
    raw = _map(described["path"], described["bytes"])
    dtype, shape = described["dtype"], described["shape"]
    if _numpy is not None:
        if dtype == "bfloat16":
            bits = _numpy.frombuffer(raw, dtype=_numpy.uint16).astype(_numpy.uint32)
            return (bits << 16).view(_numpy.float32).reshape(shape)
        try:
            kind = _numpy.dtype(dtype)
        except TypeError:
            return _numpy.frombuffer(raw, dtype=_numpy.uint8)
        return _numpy.frombuffer(raw, dtype=kind).reshape(shape)
    if dtype in ("float16", "bfloat16"):
        return Tensor(_widened(raw, dtype), "float32", shape)
    view = memoryview(raw)
    return Tensor(view.cast(_FORMATS[dtype]) if dtype in _FORMATS and len(view) else view, dtype, shape)


class Preview:
    """A picture: `rgba` bytes, rows from the top, `width` x `height`; `array` is [height, width, 4] with numpy.

    `low` and `high` are the numbers that the darkest and the brightest colour stand for, `kind` how it was made.
    """

    def __init__(self, rgba: bytes, described: dict):
        self.rgba = rgba
        self.width: int = described["width"]
        self.height: int = described["height"]
        self.iteration: List[int] = described.get("iteration", [])
        self.port: str = described.get("port", "")
        self.kind: str = described.get("kind", "")
        self.low: float = described.get("low", 0.0)
        self.high: float = described.get("high", 1.0)

    @property
    def array(self) -> Any:
        if _numpy is None:
            return Tensor(memoryview(self.rgba), "uint8", (self.height, self.width, 4))
        return _numpy.frombuffer(self.rgba, dtype=_numpy.uint8).reshape(self.height, self.width, 4)

    def __repr__(self) -> str:
        return "Preview(%s %s, %d x %d)" % (self.port, self.iteration, self.width, self.height)


# --- the worker ---


class Worker:
    """A worker process and the connection to it. A context manager: it ends with the block.

    `program`: the runner (find_program). `socket`: instead, the path of a socket that a worker serves.
    `device`, `dtype`, `threads`: where runs compute if they do not say; as the runner's options.
    `arguments`: further ones of `noiseloom worker`. `on_event`: called with every notification, a dict with
    "event" and its fields, on a thread of its own that may make calls. `environment`: of the process.
    """

    def __init__(self, program: Optional[str] = None, *, socket: Optional[str] = None,
                 device: Optional[str] = None, dtype: Optional[str] = None, threads: Optional[int] = None,
                 arguments: Sequence[str] = (), on_event: Optional[Callable[[dict], None]] = None,
                 cwd: Optional[str] = None, environment: Optional[Dict[str, str]] = None):
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._write_lock = threading.Lock()
        self._waiting: Dict[int, "queue.SimpleQueue[dict]"] = {}
        self._next_id = 0
        self._runs: Dict[str, Run] = {}
        self._queues: List["queue.SimpleQueue[Optional[dict]]"] = []
        self._callbacks: List[Callable[[dict], None]] = [on_event] if on_event else []
        self._for_callbacks: "queue.SimpleQueue[Optional[dict]]" = queue.SimpleQueue()
        self._early: Dict[str, dict] = {}
        self._death: Optional[str] = None
        self._closing = False
        self._stderr: "collections.deque[str]" = collections.deque(maxlen=100)
        self._process: Optional[subprocess.Popen] = None
        self._socket: Optional[_socket.socket] = None
        if socket is None:
            self._spawn(find_program(program), device, dtype, threads, arguments, cwd, environment)
        else:
            self._connect(socket)
        self._reader = threading.Thread(target=self._read, name="noiseloom-reader", daemon=True)
        self._reader.start()
        threading.Thread(target=self._call_back, name="noiseloom-events", daemon=True).start()
        try:  # info: program, version, device, dtype, threads, pid, folder, memory, limits
            self.info: dict = self.call("hello", client="noiseloom.py", protocol=PROTOCOL, pid=os.getpid())
        except BaseException:
            self.close()
            raise

    def _spawn(self, program: str, device: Optional[str], dtype: Optional[str], threads: Optional[int],
               arguments: Sequence[str], cwd: Optional[str], environment: Optional[Dict[str, str]]) -> None:
        command = [program, "worker"]
        for option, value in (("--device", device), ("--dtype", dtype), ("--threads", threads)):
            if value is not None:
                command += [option, str(value)]
        try:
            self._process = subprocess.Popen(command + list(arguments), stdin=subprocess.PIPE,
                                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd,
                                             env=environment)
        except OSError as error:
            raise NoiseloomError("%s can't be started: %s" % (program, error)) from error
        self._out, self._in = self._process.stdin, self._process.stdout
        threading.Thread(target=self._read_stderr, name="noiseloom-stderr", daemon=True).start()

    def _connect(self, path: str) -> None:
        self._socket = _socket.socket(_socket.AF_UNIX)
        try:
            self._socket.connect(path)
        except OSError as error:
            raise NoiseloomError("no worker serves %s: %s" % (path, error)) from error
        self._in, self._out = self._socket.makefile("rb"), self._socket.makefile("wb")

    # Threads

    def _read_stderr(self) -> None:
        for line in self._process.stderr:
            self._stderr.append(line.decode("utf-8", "replace").rstrip("\n"))

    def _read(self) -> None:
        try:
            for line in self._in:
                self._take(json.loads(line))
        except (OSError, ValueError):
            pass
        self._died()

    def _take(self, message: dict) -> None:
        if "method" in message:
            event = dict(message.get("params", {}), event=message["method"])
            with self._lock:
                run = self._runs.get(event.get("run", ""))
                if run:
                    run._take(event)
                elif event["event"] == "run.state":
                    self._early[event["run"]] = event  # before run.start has been answered
                for each in self._queues:
                    each.put(event)
                self._changed.notify_all()
            if self._callbacks:
                self._for_callbacks.put(event)
            return
        with self._lock:
            answer = self._waiting.pop(message.get("id"), None)
        if answer:
            answer.put(message)

    def _died(self) -> None:
        why = "the worker has ended"
        if self._process:
            try:
                code = self._process.wait(5)
            except subprocess.TimeoutExpired:
                code = None
            if code is not None and code < 0:
                try:
                    why = "the worker was ended by " + signal.Signals(-code).name
                except ValueError:
                    why = "the worker was ended by signal %d" % -code
            elif code:
                why = "the worker ended with code %d" % code
            if code and self._stderr:
                why += ": " + self._stderr[-1]
        with self._lock:
            self._death = why
            waiting, self._waiting = self._waiting, {}
            for each in self._queues:
                each.put(None)
            self._changed.notify_all()
        for answer in waiting.values():
            answer.put({"death": why})
        self._for_callbacks.put(None)

    def _call_back(self) -> None:
        while True:
            event = self._for_callbacks.get()
            if event is None:
                return
            for callback in list(self._callbacks):
                try:
                    callback(event)
                except Exception:  # the next event is told all the same
                    traceback.print_exc()

    # Calls

    def call(self, method: str, timeout: Optional[float] = None, **params: Any) -> Any:
        """One request of the protocol; gives its result. Parameters that are None are left out."""
        return self._call(method, {name: value for name, value in params.items() if value is not None}, timeout)

    def _call(self, method: str, params: dict, timeout: Optional[float] = None) -> Any:
        answer: "queue.SimpleQueue[dict]" = queue.SimpleQueue()
        with self._lock:
            if self._death:
                raise WorkerDied(self._death)
            self._next_id += 1
            number = self._next_id
            self._waiting[number] = answer
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        try:
            message = answer.get(timeout=timeout)
        except queue.Empty:
            with self._lock:
                self._waiting.pop(number, None)
            raise NoiseloomError("%s was not answered within %g s" % (method, timeout)) from None
        if "death" in message:
            raise WorkerDied(message["death"])
        if "error" in message:
            error = message["error"]
            data = error.get("data") or {}
            made = GraphError if data.get("kind") == "graph" else NoiseloomError
            raise made(error["message"], error["code"], data)
        return message["result"]

    def _send(self, request: dict) -> None:
        line = json.dumps(request).encode("utf-8") + b"\n"
        try:
            with self._write_lock:
                self._out.write(line)
                self._out.flush()
        except (OSError, ValueError) as error:
            with self._changed:
                self._changed.wait_for(lambda: self._death is not None, 5)
                raise WorkerDied(self._death or "the worker does not listen: %s" % error) from error

    # Graphs

    def open(self, file: Union[str, "os.PathLike[str]"], *, allow: Sequence[str] = ()) -> "Graph":
        """A graph of a file: .loom, or a picture or another result that holds the graph it was made with.

        `allow`: further folders that it may read.
        """
        return Graph(self, self.call("graph.submit", file=os.path.abspath(os.fspath(file)),
                                     allow=_absolute(allow)))

    def graph(self, text: Union[str, dict], *, folder: Optional[str] = None, allow: Sequence[str] = ()) -> "Graph":
        """A graph of its text, or of the same as a dict. `folder`: where the files it names are looked up."""
        text = text if isinstance(text, str) else json.dumps(text)
        return Graph(self, self.call("graph.submit", text=text, folder=os.path.abspath(folder or "."),
                                     allow=_absolute(allow)))

    def nodes(self, type: Optional[str] = None) -> Any:
        """All node types, value types and conversions; of one type, that one's description."""
        result = self.call("nodes", type=type)
        return result["nodes"][0] if type else result

    # What there is

    def runs(self) -> dict:
        """{"runs": [...], "queue": [...]}"""
        return self.call("run.list")

    def diff(self, a: "Run", b: "Run", ports: Optional[Sequence[str]] = None, bound: float = 0) -> dict:
        """What two runs' recordings and outputs differ in, port by port and step by step."""
        return self.call("diff", a=a.id, b=b.id, ports=None if ports is None else list(ports), bound=bound)

    def device(self) -> dict:
        """Devices, and what holds memory."""
        return self.call("device")

    def clear_cache(self, disk: bool = False) -> dict:
        """Forgets results in memory; with `disk` those kept for later processes too."""
        return self.call("cache.clear", disk=disk)

    def on_event(self, callback: Callable[[dict], None]) -> None:
        """Further calls of `callback` with every notification."""
        self._callbacks.append(callback)

    def events(self) -> Iterator[dict]:
        """Every notification from now on, until the worker ends."""
        return self._events(lambda event: False, "")

    def _events(self, last: Callable[[dict], bool], run: str) -> Iterator[dict]:
        own: "queue.SimpleQueue[Optional[dict]]" = queue.SimpleQueue()
        with self._lock:
            if self._death:
                own.put(None)
            self._queues.append(own)

        def each() -> Iterator[dict]:
            try:
                while True:
                    event = own.get()
                    if event is None:
                        if self._closing:
                            return
                        raise WorkerDied(self._death or "the worker has ended")
                    if run and event.get("run") != run:
                        continue
                    yield event
                    if last(event):
                        return
            finally:
                with self._lock:
                    if own in self._queues:
                        self._queues.remove(own)

        return each()

    # The end

    @property
    def pid(self) -> int:
        return self.info["pid"]

    def close(self, timeout: float = 10) -> None:
        """Ends the worker; its runs are stopped. Nothing happens the second time."""
        if self._closing:
            return
        self._closing = True
        try:
            if not self._death:
                self.call("shutdown", timeout=timeout)
        except NoiseloomError:
            pass
        for stream in (self._out, self._socket):
            try:
                if stream:
                    stream.close()
            except OSError:
                pass
        if self._process:
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(timeout)

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()


def _absolute(folders: Sequence[str]) -> List[str]:
    return [os.path.abspath(os.fspath(each)) for each in folders]


class Graph:
    """A graph that the worker holds; it may have errors. `info`: what submitting it gave: title, nodes, inputs
    (exposed names with their values), outputs."""

    def __init__(self, worker: Worker, info: dict):
        self.worker, self.info = worker, info

    @property
    def id(self) -> str:
        return self.info["graph"]

    def set(self, name: str, value: Any) -> "Graph":
        """Sets an exposed name or node.param; None takes it back."""
        answer = self.worker._call("graph.set", {"graph": self.id, "name": name, "value": value})
        self.info["set"] = answer["set"]
        return self

    def submit(self, text: Union[str, dict]) -> "Graph":
        """The graph anew, as an editor has changed it; what was set stays as far as it fits."""
        text = text if isinstance(text, str) else json.dumps(text)
        self.info = self.worker.call("graph.submit", graph=self.id, text=text)
        return self

    def check(self, **policy: Any) -> dict:
        """{"ok", "errors", "ports", "nodes", "zones", ...}: what each port would give, what is wrong where."""
        return self.worker.call("graph.check", graph=self.id, **policy)

    def text(self) -> str:
        """The graph file's text, with what was set."""
        return self.worker.call("graph.text", graph=self.id)["text"]

    def run(self, *, out: str = "out", record: Sequence[Any] = (), statistics: Sequence[Any] = (),
            previews: Sequence[Any] = (), keep_steps: Any = True, pause_at: Any = None, fork: Optional[dict] = None,
            set: Optional[dict] = None, **options: Any) -> "Run":
        """Starts a run, or queues it behind those before it, and does not wait.

        `record`, `statistics`, `previews`: ports, "node.port" or dicts with "port" and options. `keep_steps`:
        whether it can be forked: True, False, or {"every", "last", "inner", "budget"}. `pause_at`: a step, or {"zone",
        "done"}. `set`: values for this run alone. Further: device, dtype, threads, cache, checkFinite,
        recordBudget, recordDisk.
        """
        started = self.worker.call("run.start", graph=self.id, out=os.path.abspath(out), record=list(record),
                                   statistics=list(statistics), previews=list(previews), keepSteps=keep_steps,
                                   pauseAt=pause_at, fork=fork, set=set, **options)
        return Run(self, started)

    def forget(self) -> None:
        """The worker lets go of it; its runs go on."""
        self.worker.call("graph.forget", graph=self.id)


class Run:
    """A run. `state` is queued, running, paused, waiting (to go on), finished, failed or stopped; `at` is the
    zone it is or was last in, {"zone", "done", "count"}; `files` are there when it is over."""

    def __init__(self, graph: Graph, started: dict):
        self.graph, self.worker, self.info = graph, graph.worker, started
        self.id: str = started["run"]
        self.state = "queued"
        self.at: Optional[dict] = None
        self.error: Optional[dict] = None
        self.files: List[str] = []
        self.seconds = 0.0
        self._slots: Dict[str, str] = {}
        with self.worker._lock:
            self.worker._runs[self.id] = self
            early = self.worker._early.pop(self.id, None)
            if early:
                self._take(early)

    def _take(self, event: dict) -> None:
        if event["event"] == "run.state":
            self.state = event["state"]
            self.at = event.get("at", self.at)
            self.error = event.get("error")
            self.files = event.get("files", self.files)
            self.seconds = event.get("seconds", self.seconds)
        elif event["event"] == "run.step" and len(event["iteration"]) == 1:
            self.at = {"zone": event["zone"], "done": event["done"], "count": event["count"]}

    @property
    def over(self) -> bool:
        return self.state in OVER

    def _wait(self, there: Callable[[], bool], timeout: Optional[float]) -> bool:
        with self.worker._changed:
            self.worker._changed.wait_for(lambda: there() or self.worker._death is not None, timeout)
            if there():
                return True
            if self.worker._death:
                raise WorkerDied(self.worker._death)
            return False

    # Waiting

    def wait(self, timeout: Optional[float] = None) -> "Run":
        """Until it is over. Raises RunFailed if it has failed, NoiseloomError if it is not over in time."""
        if not self._wait(lambda: self.over, timeout):
            raise NoiseloomError("run %s is not over after %g s: %s" % (self.id, timeout, self.state))
        if self.state == "failed":
            error = self.error or {}
            raise RunFailed(error.get("message", "it failed"), dict(error, kind="failed"), self)
        return self

    def wait_paused(self, timeout: Optional[float] = None) -> bool:
        """Until it is paused. False: it is over, or not paused in time."""
        self._wait(lambda: self.over or self.state == "paused", timeout)
        return self.state == "paused"

    # Steering

    def pause(self, wait: bool = True) -> bool:
        """After the step at hand, of whichever zone. Gives whether it is paused."""
        self.worker.call("run.pause", run=self.id)
        return self.wait_paused() if wait else False

    def pause_at(self, done: Any, zone: Optional[str] = None) -> "Run":
        """Goes on, and pauses when `done` steps of the zone are done; does not wait for it. (3, 5): after 3 steps of
        an outermost zone, in the one that follows, after 5 of a zone in it."""
        self.worker.call("run.runTo", run=self.id, done=done, zone=zone)
        return self

    def run_to(self, done: Any, zone: Optional[str] = None, timeout: Optional[float] = None) -> bool:
        """The same, and waits. Gives whether it is paused."""
        return self.pause_at(done, zone).wait_paused(timeout)

    def step(self, steps: int = 1, wait: bool = True) -> bool:
        """Takes so many steps more and pauses. Gives whether it is paused."""
        self.worker.call("run.step", run=self.id, steps=steps)
        return self.wait_paused() if wait else False

    def continue_(self) -> "Run":
        """To its end."""
        self.worker.call("run.continue", run=self.id)
        return self

    def stop(self, wait: bool = True) -> "Run":
        self.worker.call("run.stop", run=self.id)
        if wait:
            self._wait(lambda: self.over, None)
        return self

    def move(self, place: int) -> dict:
        """To another place of the queue, 0 for the next to go."""
        return self.worker.call("run.move", run=self.id, place=place)

    def forget(self) -> None:
        """Stops it if need be; its recordings, kept steps and outputs go."""
        self.worker.call("run.forget", run=self.id)
        with self.worker._lock:
            self.worker._runs.pop(self.id, None)

    def fork(self, graph: Optional[Graph] = None, *, at: Union[int, Sequence[int], None] = None,
             zone: Optional[str] = None, **options: Any) -> "Run":
        """A run that begins with this one's steps: up to step `at`, else up to the first that differs.

        `at` (3, 5): after 3 steps of an outermost zone, in the one that follows, after 5 of a zone in it; such
        steps are there if this run was started with keep_steps={"inner": True}.

        `graph`: another graph, or the same with other values set; usually this run's. Options as Graph.run;
        what this run recorded is recorded again where "record" does not say otherwise.
        """
        origin = {"run": self.id, "at": at, "zone": zone}
        options.setdefault("record", [each["port"] for each in self.status()["probes"] if each["kind"] == "record"])
        return (graph or self.graph).run(fork={name: value for name, value in origin.items() if value is not None},
                                         **options)

    # Looking

    def status(self) -> dict:
        return self.worker.call("run.status", run=self.id)

    def steps(self) -> List[dict]:
        """The steps it keeps, zone by zone: [{"zone", "count", "steps"}], and "within" for a zone within others:
        steps done of these, which go before a step in fork's `at`."""
        return self.worker.call("run.steps", run=self.id)["zones"]

    def probe(self, port: str, kind: str = "record", **options: Any) -> "Run":
        """Looks at a port from now on: kind "record" (every, last), "statistics" or "preview" (side, as_, ...)."""
        probes = self.worker.call("probe", run=self.id, port=port, kind=kind, **_plain(options))["probes"]
        self._note(probes)
        return self

    def unprobe(self, port: str, kind: str = "record") -> "Run":
        self.worker.call("unprobe", run=self.id, port=port, kind=kind)
        return self

    def _note(self, probes: List[dict]) -> None:
        for each in probes:
            if each.get("slot"):
                self._slots[each["port"]] = each["slot"]

    def live(self, port: str, **options: Any) -> "LivePreview":
        """A live preview of a port: read the newest picture whenever you like."""
        self.probe(port, "preview", **options)
        return LivePreview(port, self._slots[port])

    def frames(self, port: str) -> List[dict]:
        """What is kept of a recorded port: [{"iteration", "shape", "dtype", "bytes", ...}]."""
        return self.worker.call("frames", run=self.id, port=port)["frames"]

    def tensor(self, port: str, iteration: Union[int, Sequence[int], None] = None) -> Any:
        """A recorded frame, the newest without an iteration: a numpy array, or a Tensor without numpy."""
        return self._fetch("tensor", _tensor, port=port, iteration=_listed(iteration))

    def output(self, name: str) -> Any:
        """An exposed output of a finished run, as `tensor` gives it."""
        return self._fetch("tensor", _tensor, output=name)

    def outputs(self) -> List[dict]:
        """The exposed outputs of a finished run: [{"name", "type", "summary"}], "value" where it is a scalar."""
        return self.worker.call("outputs", run=self.id)["outputs"]

    def preview(self, port: Optional[str] = None, iteration: Union[int, Sequence[int], None] = None,
                **options: Any) -> Preview:
        """A picture of a recorded frame, or of an `output`. Options: side, as_, samples, low, high."""
        return self._fetch("preview", lambda got: Preview(bytes(_map(got["path"], got["bytes"])), got), port=port,
                           iteration=_listed(iteration), **_plain(options))

    def _fetch(self, method: str, read: Callable[[dict], Any], **params: Any) -> Any:
        described = self.worker.call(method, run=self.id, **params)
        try:
            return read(described)
        finally:
            self.worker.call("release", id=described["id"])

    def statistics(self, port: str) -> List[dict]:
        """Of a port given as `statistics`: [{"iteration", "min", "max", "mean", "std", "norm", ...}]."""
        return self.worker.call("statistics", run=self.id, port=port)["rows"]

    def events(self) -> Iterator[dict]:
        """Its notifications from now on, until it is over; then the last is its "run.state"."""
        events = self.worker._events(lambda event: event["event"] == "run.state" and event["state"] in OVER, self.id)
        if self.over:
            return iter(())
        return events

    def __repr__(self) -> str:
        return "Run(%s, %s%s)" % (self.id, self.state, ", step %d of %d" % (self.at["done"], self.at["count"])
                                  if self.at else "")


def _plain(options: Dict[str, Any]) -> Dict[str, Any]:
    """as_ for "as", which Python keeps for itself."""
    return {name.rstrip("_"): value for name, value in options.items()}


def _listed(iteration: Union[int, Sequence[int], None]) -> Optional[List[int]]:
    if iteration is None:
        return None
    return [int(iteration)] if not hasattr(iteration, "__iter__") else [int(each) for each in iteration]


class LivePreview:
    """The newest picture of a port, read from shared memory as often as you like; the run never waits for it.

    The layout is engine/live/shared_frames.h's.
    """

    _HEAD = struct.Struct("<8sIIQQQ")
    _FRAME = struct.Struct("<QQ8qIIIIIIQdd")

    def __init__(self, port: str, slot: str):
        self.port = port
        file = os.open(slot, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._map = mmap.mmap(file, os.fstat(file).st_size, prot=mmap.PROT_READ)
        finally:
            os.close(file)
        magic, version, self._buffers, self._stride, self._most, _ = self._HEAD.unpack_from(self._map)
        if magic != b"NLFRAMES" or version != 1:
            raise NoiseloomError("%s holds no frames that this module reads" % slot)
        self.generation = 0
        """Of the picture that was read last."""

    def newest(self, after: Optional[int] = None) -> Optional[Preview]:
        """The newest picture; None where it is not newer than `after`, usually the one that was read last."""
        after = self.generation if after is None else after
        for _ in range(1000):
            generation = struct.unpack_from("<Q", self._map, 32)[0]
            if generation <= after:
                return None
            start = 4096 + (generation - 1) % self._buffers * self._stride
            fields = self._FRAME.unpack_from(self._map, start)
            size = fields[16]
            if fields[0] != 2 * generation or size > self._most:
                continue
            rgba = bytes(self._map[start + 256:start + 256 + size])
            # Only now is it known that nobody wrote while this was copied.
            if struct.unpack_from("<Q", self._map, start)[0] != 2 * generation:
                continue
            self.generation = generation
            return Preview(rgba, {"port": self.port, "iteration": list(fields[2:2 + min(fields[10], 8)]),
                                  "width": fields[11], "height": fields[12]})
        return None

    def wait(self, timeout: Optional[float] = None) -> Optional[Preview]:
        """The next picture; None where none comes in time."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            preview = self.newest()
            if preview or (end is not None and time.monotonic() >= end):
                return preview
            time.sleep(0.005)


def diff(a: Run, b: Run, ports: Optional[Sequence[str]] = None, bound: float = 0) -> dict:
    """What two runs of one worker differ in; see Worker.diff."""
    return a.worker.diff(a, b, ports, bound)
