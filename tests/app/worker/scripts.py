"""The Python module against the program itself: every method of the protocol is called. Run by python_test;
by hand: NOISELOOM=build/noiseloom PYTHONPATH=app/python python3 -m unittest tests/app/worker/scripts.py"""

import copy
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import noiseloom

SOURCE = os.environ["NOISELOOM_SOURCE"]
SOON = 60  # seconds; for machines that do other things as well

WALK = {
    "noiseloom": 1,
    "title": "A walk",
    "nodes": {
        "schedule": {"type": "schedule.noise", "version": 1, "params": {"steps": 100}},
        "timesteps": {"type": "schedule.timesteps", "version": 1, "params": {"spacing": "all"},
                      "inputs": {"schedule": "schedule.schedule"}},
        "noise": {"type": "noise.gaussian", "version": 1, "params": {"batch": 2, "seed": 1, "shape": [3, 8, 8]}},
        "sampling": {
            "type": "zone",
            "over": {"t": "timesteps.timesteps"},
            "state": {"x": {"init": "noise.noise", "next": "step.x_prev"}},
            "nodes": {
                "z": {"type": "noise.gaussian", "version": 1, "params": {"seed": 2},
                      "inputs": {"like": "sampling.x"}},
                "step": {"type": "step.ddpm", "version": 1,
                         "inputs": {"noise": "z.noise", "schedule": "schedule.schedule", "t": "sampling.t",
                                    "x0": "sampling.x", "x_t": "sampling.x"}}}},
        "picture": {"type": "image.from_latent", "version": 1, "inputs": {"latent": "sampling.x"}},
        "save": {"type": "image.save", "version": 1, "params": {"path": "walk.png"},
                 "inputs": {"image": "picture.image"}}},
    "inputs": {"seed": {"to": ["noise.seed"]}, "other": {"to": ["z.seed"]}, "batch": {"to": ["noise.batch"]},
               "shape": {"to": ["noise.shape"]}, "steps": {"to": ["schedule.steps"]}},
    "outputs": {"x": {"from": "sampling.x"}, "image": {"from": "picture.image"}}}


def rounds():
    """The walk three times over, one after the other: a zone within a zone."""
    graph = copy.deepcopy(WALK)
    sampling = graph["nodes"].pop("sampling")
    sampling["state"]["x"]["init"] = "rounds.x"
    graph["nodes"]["rounds"] = {"type": "zone", "count": 3, "nodes": {"sampling": sampling},
                                "state": {"x": {"init": "noise.noise", "next": "sampling.x"}}}
    graph["nodes"]["picture"]["inputs"]["latent"] = graph["outputs"]["x"]["from"] = "rounds.x"
    return graph


def flat(value):
    """All numbers of a tensor, with numpy or without."""
    nested = value.tolist()
    while nested and isinstance(nested, list) and isinstance(nested[0], list):
        nested = [each for part in nested for each in part]
    return nested


class Base(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.environment = dict(os.environ, XDG_CACHE_HOME=os.path.join(self.folder.name, "cache"))
        self.worker = noiseloom.Worker(environment=self.environment, arguments=["--no-cache"])
        self.addCleanup(self.worker.close)
        self.out = os.path.join(self.folder.name, "out")

    def walk(self, **changes):
        graph = self.worker.graph(WALK)
        for name, value in changes.items():
            graph.set(name, value)
        return graph


class Story(Base):
    """The shipped model: pause at 12, look, fork with another eta, compare, verify."""

    def test_story(self):
        graph = self.worker.open(os.path.join(SOURCE, "graphs", "ddim.loom"))
        graph.set("batch", 1).set("seed", 3)
        run = graph.run(out=self.out, record=["predict.x0", "sampling.x"], pause_at=12)
        self.assertTrue(run.wait_paused(SOON))
        self.assertEqual(run.at, {"zone": "sampling", "done": 12, "count": 25})
        x0 = run.tensor("predict.x0", 11)
        self.assertEqual(list(x0.shape), [1, 3, 32, 32])
        self.assertTrue(all(abs(each) <= 1 for each in flat(x0)))
        self.assertEqual([each["iteration"] for each in run.frames("predict.x0")], [[i] for i in range(12)])
        # A fork goes while the run it came from is paused.
        fork = run.fork(at=12, set={"eta": 1}, out=self.out + "-fork").wait(SOON)
        self.assertEqual(run.state, "paused")
        run.continue_().wait(SOON)
        difference = noiseloom.diff(run, fork)
        self.assertFalse(difference["equal"])
        table = [each for each in difference["ports"] if each["port"] == "sampling.x"][0]
        self.assertEqual(table["first"]["iteration"], [12])
        self.assertEqual(len(table["rows"]), 25)
        self.assertEqual([row["max"] for row in table["rows"][:12]], [0] * 12)
        self.assertEqual(flat(run.tensor("sampling.x", 11)), flat(fork.tensor("sampling.x", 11)))
        pictures = [each for each in run.files + fork.files if each.endswith("ddim.png")]
        self.assertEqual(len(pictures), 2)
        # Paused and watched or not: the same picture as from the shell. A fork's tells what it began from.
        verified = subprocess.run([noiseloom.find_program(), "verify", "--exact"] + pictures,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(verified.returncode, 0, verified.stdout)


class Steering(Base):
    def test_step_and_run_to(self):
        run = self.walk().run(out=self.out, pause_at=1)
        self.assertTrue(run.wait_paused(SOON))
        for done in (2, 3):
            self.assertTrue(run.step())
            self.assertEqual(run.at["done"], done)
        self.assertTrue(run.step(5))
        self.assertEqual(run.at["done"], 8)
        self.assertTrue(run.run_to(20, "sampling"))
        self.assertEqual(run.at["done"], 20)
        run.continue_().wait(SOON)
        self.assertEqual(run.state, "finished")
        self.assertEqual([os.path.basename(each) for each in run.files], ["walk.png"])

    def test_pause_and_stop(self):
        run = self.walk(steps=1000).run(out=self.out)
        self.assertTrue(run.pause())
        done = run.at["done"]
        time.sleep(0.1)
        self.assertEqual(run.status()["at"]["done"], done)
        run.stop()
        self.assertEqual(run.state, "stopped")
        with self.assertRaises(noiseloom.NoiseloomError) as caught:
            run.pause()
        self.assertEqual(caught.exception.kind, "state")

    def test_queue(self):
        first = self.walk(steps=1000).run(out=self.out, pause_at=500)
        graph = self.walk(steps=10)
        others = [graph.run(out=self.out, set={"seed": seed}) for seed in range(3)]
        others[2].move(0) if others[2].state == "queued" else None
        for other in others:
            other.wait(SOON)
        first.stop()
        self.assertEqual(self.worker.runs()["queue"], [])
        self.assertEqual(len(self.worker.runs()["runs"]), 4)
        for other in others:
            other.forget()
        self.assertEqual(len(self.worker.runs()["runs"]), 1)

    def test_fork_where_a_change_begins(self):
        run = self.walk().run(out=self.out, record=["step.x_prev"]).wait(SOON)
        again = run.fork(out=self.out).wait(SOON)  # nothing has changed: no step is taken again
        self.assertEqual(again.status()["zones"][0]["first"], 100)
        self.assertTrue(noiseloom.diff(run, again)["equal"])
        self.assertEqual(len(again.frames("step.x_prev")), 100)
        self.assertEqual(run.steps()[0]["steps"], list(range(1, 101)))
        with self.assertRaises(noiseloom.NoiseloomError) as caught:
            run.fork(at=101, out=self.out)
        self.assertIn("was not kept", str(caught.exception))

    def test_fork_within(self):
        graph = self.worker.graph(rounds()).set("steps", 10)
        run = graph.run(out=self.out, record=["step.x_prev"], keep_steps={"inner": True}).wait(SOON)
        kept = {(each["zone"], tuple(each.get("within", []))): each["steps"] for each in run.steps()}
        self.assertEqual(kept, {("rounds", ()): [1, 2, 3], **{("sampling", (i,)): list(range(1, 11)) for i in range(3)}})
        same = run.fork(at=(1, 4), out=self.out).wait(SOON)
        self.assertEqual(same.status()["zones"][0]["first"], 1)
        self.assertTrue(noiseloom.diff(run, same)["equal"])
        self.assertEqual({each["run"] for each in same.frames("step.x_prev")[:14]}, {run.id})
        self.assertEqual({each["run"] for each in same.frames("step.x_prev")[14:]}, {same.id})
        other = run.fork(at=[1, 4], zone="sampling", set={"other": 9}, keep_steps={"inner": 3},
                         out=self.out + "-fork").wait(SOON)
        table = noiseloom.diff(run, other)["ports"][0]
        self.assertEqual(table["first"]["iteration"], [1, 4])
        self.assertEqual(len(table["rows"]), 30)
        # Its own steps, and before those the ones that it has from the other run.
        kept = {(each["zone"], tuple(each.get("within", []))): each["steps"] for each in other.steps()}
        self.assertEqual(kept[("sampling", (1,))], [1, 2, 3, 4, 6, 9, 10])
        self.assertEqual(kept[("sampling", (2,))], [3, 6, 9, 10])
        self.assertEqual(kept[("sampling", (0,))], list(range(1, 11)))
        third = other.fork(at=(1, 9), set={"other": 8}, out=self.out + "-third").wait(SOON)
        verified = subprocess.run([noiseloom.find_program(), "verify", "--exact"] + other.files + third.files,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(verified.returncode, 0, verified.stdout)
        for at, message in (((1, 11), "there are 1, 2, 3"), ((3, 1), "steps of it were kept in step 0, 1, 2"),
                            ((1, 1, 1), "kept are steps of rounds, sampling in rounds"), ((1, 0), "a step from 1 up")):
            with self.assertRaises(noiseloom.NoiseloomError) as caught:
                run.fork(at=at, out=self.out)
            self.assertIn(message, str(caught.exception))

    def test_events(self):
        run = self.walk(steps=20).run(out=self.out, statistics=["step.x_prev"], pause_at=2)
        run.wait_paused(SOON)
        events = run.events()
        run.continue_()
        names = [(each["event"], each.get("state")) for each in events]
        self.assertEqual(names[-1], ("run.state", "finished"))
        self.assertIn(("run.step", None), names)
        self.assertIn(("run.file", None), names)
        self.assertEqual(names.count(("run.statistics", None)), 18)
        self.assertEqual(len(run.statistics("step.x_prev")), 20)


class Looking(Base):
    def test_values(self):
        run = self.walk().run(out=self.out, record=[{"port": "step.x_prev", "every": 10}]).wait(SOON)
        kept = [each["iteration"][0] for each in run.frames("step.x_prev")]
        self.assertEqual(kept, list(range(0, 100, 10)) + [99])
        self.assertEqual(flat(run.tensor("step.x_prev")), flat(run.output("x")))
        self.assertEqual({each["name"] for each in run.outputs()}, {"x", "image"})
        one = run.tensor("step.x_prev", 50)
        for _ in range(50):
            run.tensor("step.x_prev", 50)
        gc.collect()
        self.assertEqual(self.worker.device()["tensors"], 0)  # all were let go of
        run.forget()
        self.worker.close()
        self.assertEqual(len(flat(one)), 2 * 3 * 8 * 8)  # what was fetched stays

    def test_probes_in_mid_run(self):
        run = self.walk(steps=1000).run(out=self.out, pause_at=10)
        run.wait_paused(SOON)
        run.probe("sampling.x", every=2).probe("step.x_prev", "statistics")
        run.step(10)
        self.assertEqual(len(run.frames("sampling.x")), 6)  # every second, and the newest
        self.assertEqual(len(run.statistics("step.x_prev")), 10)
        run.unprobe("sampling.x")
        with self.assertRaises(noiseloom.NoiseloomError):
            run.frames("sampling.x")
        run.stop()

    def test_previews(self):
        run = self.walk(steps=1000).run(out=self.out, pause_at=5)
        run.wait_paused(SOON)
        live = run.live("sampling.x", side=64, as_="picture")
        run.step(3)
        shown = live.newest()
        self.assertEqual(shown.iteration, [7])
        self.assertEqual((len(shown.rgba), max(shown.width, shown.height)), (4 * shown.width * shown.height, 8))
        self.assertIsNone(live.newest())
        run.probe("sampling.x").continue_()
        seen, end = [7], time.monotonic() + SOON
        while not run.over and time.monotonic() < end:
            shown = live.newest()
            if shown:
                seen.append(shown.iteration[0])
        self.assertEqual(seen, sorted(set(seen)))
        self.assertGreater(len(seen), 10)
        self.assertEqual(run.state, "finished")
        single = run.preview("sampling.x", 999, side=64, as_="picture")
        self.assertEqual(single.rgba, live.newest(after=0).rgba)
        self.assertEqual(run.preview(output="image", side=4).width, 4)

    def test_recordings_beyond_memory(self):
        run = self.walk().run(out=self.out, record=["step.x_prev"], recordBudget=20_000).wait(SOON)
        frames = run.frames("step.x_prev")
        self.assertEqual(len(frames), 100)
        self.assertTrue(any(each["onDisk"] for each in frames))
        self.assertEqual(len(flat(run.tensor("step.x_prev", 3))), 384)


class Graphs(Base):
    def test_errors_by_node_and_port(self):
        graph = self.walk()
        with self.assertRaises(noiseloom.GraphError) as caught:
            graph.set("schedule.steps", "many")
        self.assertEqual((caught.exception.node, caught.exception.port), ("schedule", "steps"))
        with self.assertRaises(noiseloom.GraphError):
            graph.set("nothing", 1)
        broken = json.loads(json.dumps(WALK))
        broken["nodes"]["noise"]["type"] = "noise.none"
        graph.submit(broken)
        check = graph.check()
        self.assertFalse(check["ok"])
        self.assertEqual([each["node"] for each in check["errors"]], ["noise"])
        self.assertFalse([each for each in graph.info["nodes"] if each["node"] == "noise"][0]["known"])
        with self.assertRaises(noiseloom.GraphError) as caught:
            graph.run(out=self.out)
        self.assertEqual(caught.exception.node, "noise")
        graph.submit(WALK)
        self.assertTrue(graph.check()["ok"])
        self.assertEqual(graph.check()["ports"]["noise.noise"]["shape"], [2, 3, 8, 8])
        graph.set("seed", 5)
        self.assertEqual(json.loads(graph.text())["nodes"]["noise"]["params"]["seed"], 5)
        graph.set("seed", None)
        self.assertEqual(json.loads(graph.text())["nodes"]["noise"]["params"]["seed"], 1)
        self.assertEqual(len(self.worker.call("graph.list")["graphs"]), 1)
        graph.forget()
        with self.assertRaises(noiseloom.NoiseloomError):
            graph.check()

    def test_nodes(self):
        everything = self.worker.nodes()
        self.assertGreater(len(everything["nodes"]), 50)
        self.assertTrue(all(each["colour"].startswith("#") for each in everything["types"]))
        self.assertEqual(self.worker.nodes("step.ddim")["id"], "step.ddim")
        with self.assertRaises(noiseloom.NoiseloomError) as caught:
            self.worker.nodes("step.dim")
        self.assertIn("step.ddim", str(caught.exception))

    def test_cache(self):
        graph = self.walk()
        graph.run(out=self.out, keep_steps=False).wait(SOON)
        cached = []
        self.worker.on_event(lambda event: cached.append(event.get("node")) if event.get("state") == "cached" else None)
        graph.run(out=self.out, keep_steps=False).wait(SOON)
        self.worker.device()
        time.sleep(0.2)
        self.assertIn("picture", cached)
        self.assertGreater(self.worker.device()["memory"]["cache"], 0)
        self.assertEqual(self.worker.clear_cache()["cache"], 0)


class Failures(Base):
    def test_more_memory_than_there_is(self):
        with self.assertRaises(noiseloom.GraphError) as caught:  # by far: refused before anything is done
            self.walk().run(out=self.out, set={"batch": 65_536, "shape": [3, 4000, 4000]})
        self.assertIn("GiB", str(caught.exception))
        graph = self.walk(shape=[3, 2048, 2048])
        peak = graph.check()["forecast"]["peak_bytes"]
        self.assertGreater(peak, 200 << 20)
        # As much as the forecast has, of which the program itself takes a part: the run fails, and the worker goes on.
        program = os.path.join(self.folder.name, "limited")
        with open(program, "w") as file:
            file.write('#!/bin/sh\nulimit -d %d\nexec "$NOISELOOM" "$@"\n' % (peak // 1024 + 20_000))
        os.chmod(program, 0o700)
        with noiseloom.Worker(program, environment=self.environment, arguments=["--no-cache", "--threads", "1"]) as worker:
            run = worker.graph(WALK).run(out=self.out, set={"shape": [3, 2048, 2048]})
            with self.assertRaises(noiseloom.RunFailed) as failed:
                run.wait(SOON)
            self.assertIn("memory", str(failed.exception))
            self.assertTrue(failed.exception.node)
            worker.graph(WALK).run(out=self.out).wait(SOON)

    def test_worker_killed(self):
        run = self.walk(steps=1000).run(out=self.out, pause_at=10)
        run.wait_paused(SOON)
        os.kill(self.worker.pid, signal.SIGKILL)
        with self.assertRaises(noiseloom.WorkerDied) as caught:
            run.wait(SOON)
        self.assertIn("SIGKILL", str(caught.exception))
        with self.assertRaises(noiseloom.WorkerDied):
            self.worker.device()
        with self.assertRaises(noiseloom.WorkerDied):
            next(self.worker.events())

    def test_client_killed(self):
        script = ("import noiseloom, json, sys, time\n"
                  "w = noiseloom.Worker()\n"
                  "g = w.graph(json.loads(sys.argv[1]))\n"
                  "g.set('steps', 1000)\n"
                  "r = g.run(out=sys.argv[2])\n"
                  "print(w.pid, flush=True)\n"
                  "time.sleep(60)\n")
        client = subprocess.Popen([sys.executable, "-c", script, json.dumps(WALK), self.out],
                                  stdout=subprocess.PIPE, env=self.environment)
        pid = int(client.stdout.readline())
        client.kill()
        client.wait()
        client.stdout.close()
        end = time.monotonic() + 8
        while os.path.exists("/proc/%d" % pid) and time.monotonic() < end:
            if open("/proc/%d/stat" % pid).read().split(") ")[1].startswith("Z"):
                break  # ended; whoever adopted it has not asked yet
            time.sleep(0.05)
        self.assertLess(time.monotonic(), end)

    def test_no_program(self):
        with self.assertRaises(noiseloom.NoiseloomError):
            noiseloom.Worker("/nowhere/noiseloom")
        with self.assertRaises(noiseloom.WorkerDied):
            noiseloom.Worker("/bin/true")


if __name__ == "__main__":
    unittest.main()
