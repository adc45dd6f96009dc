// How long the window is held up in a large graph: by each edit there is, and by all else one does with a
// document. Of each the longest time for which the event loop did not come round until all had settled, the
// worker's answer too, and after the slash the most processor time that its thread took between two rounds,
// which tells more where other programs run. In order: what it does, its undo, doing it again.
#include <QBuffer>
#include <QRandomGenerator>
#include <QTemporaryDir>
#include <cstdio>

#include "app/editor/document/document_file.h"
#include "engine/graph/graph_file.h"
#include "tests/app/editor/large.h"
#include "tests/benchmark/editor_parts.h"
#include "tests/benchmark/timing.h"

namespace loom::bench {

using namespace loom::editor;

namespace {

constexpr int kQuiet = 120;  // milliseconds without a check under way: then nothing more comes

class HoldUps {
 public:
  HoldUps(MainWindow& window, QString only, int rounds)
      : window_(window), only_(std::move(only)), rounds_(rounds) {}

  Session& session() { return window_.session(); }
  Canvas& canvas() { return window_.central().canvas(); }

  void load(const char* name, const Document& document) {
    name_ = name;
    session().openDocument(document, {}, "Benchmark");
    settle();
  }

  bool wanted(const char* part) const { return only_.isEmpty() || only_.contains(part); }

  /// `prepare`: not measured.
  void row(const char* what, const std::function<void()>& act, const std::function<void()>& prepare = {}) {
    if (!QString(what).contains(only_)) return;
    Times done, undone, redone;
    for (int round = 0; round < rounds_; ++round) {
      if (prepare) {
        prepare();
        settle();
      }
      const size_t before = session().undo().now();
      measure(act, done);
      if (session().undo().now() != before + 1) continue;
      measure([this] { session().undoOnce(); }, undone);
      measure([this] { session().redoOnce(); }, redone);
      session().undoOnce();
      settle();
    }
    std::string line = text(done);
    if (!undone.longest.empty()) line += "; undone " + text(undone) + "; again " + text(redone);
    std::printf("%s, %s: %s\n", name_, what, line.c_str());
  }

  void edit(const char* what, const std::function<Document(const Document&)>& make,
            const std::function<void()>& prepare = {}) {
    row(
        what,
        [&] {
          if (!session().edit(what, make)) std::printf("%s was refused\n", what);
        },
        prepare);
  }

  void settle() {
    QElapsedTimer quiet;
    quiet.start();
    QEventLoop loop;
    QTimer timer;
    QObject::connect(&timer, &QTimer::timeout, &loop, [&] {
      if (!session().checked().current) quiet.restart();
      if (quiet.elapsed() > kQuiet) loop.quit();
    });
    timer.start(5);
    loop.exec();
  }

  void waitUntil(const std::function<bool()>& done) {
    QEventLoop loop;
    QTimer timer;
    QObject::connect(&timer, &QTimer::timeout, &loop, [&] {
      if (done()) loop.quit();
    });
    timer.start(5);
    loop.exec();
  }

 private:
  struct Times {
    std::vector<double> longest, busiest;
  };

  static std::string text(const Times& times) {
    char line[100];
    const Spread longest = spreadOf(times.longest), busiest = spreadOf(times.busiest);
    std::snprintf(line, sizeof line, "%.0f (to %.0f) / %.0f ms", longest.median, longest.max, busiest.median);
    return line;
  }

  void measure(const std::function<void()>& act, Times& times) {
    testing::Gaps gaps;
    bool done = false;
    QTimer::singleShot(0, &window_, [&] {  // within the loop, as keys and menus do it
      act();
      done = true;
    });
    waitUntil([&] { return done; });
    settle();
    times.longest.push_back(gaps.longest());
    times.busiest.push_back(gaps.busiest());
  }

  MainWindow& window_;
  const QString only_;
  const int rounds_;
  const char* name_ = "";
};

Ids named(const std::string& stem, int from, int to) {
  Ids ids;
  for (int i = from; i < to; ++i) ids.insert(stem + std::to_string(i));
  return ids;
}

using D = const Document&;

void editsOfNodes(HoldUps& is, const Ids& half) {
  const Catalog& catalog = is.session().catalog();
  is.edit("addNode", [&](D d) { return addNode(d, "", catalog, "tensor.clip", {1, 2}, "").document; });
  is.edit("addNodeFrom", [&](D d) {
    return addNodeFrom(d, "", catalog, "tensor.clip", {1, 2}, "", {"n5", "tensor"}).document;
  });
  is.edit("addNodeTo", [&](D d) {
    return addNodeTo(d, "", catalog, "noise.gaussian", {1, 2}, "", {"n5", "tensor"}).document;
  });
  is.edit("removeNodes of 1", [&](D d) { return removeNodes(d, "", catalog, {"n77"}); });
  is.edit("removeNodes of 1, reconnected", [&](D d) { return removeNodes(d, "", catalog, {"n77"}, true); });
  is.edit("removeNodes of half", [&](D d) { return removeNodes(d, "", catalog, half); });
  is.edit("removeNodes of half, reconnected", [&](D d) { return removeNodes(d, "", catalog, half, true); });
  is.edit("duplicate 1", [&](D d) { return duplicate(d, "", catalog, {"n77"}, {30, 30}, true).document; });
  is.edit("duplicate half", [&](D d) { return duplicate(d, "", catalog, half, {30, 30}, true).document; });
  is.edit("rename", [&](D d) { return rename(d, "", "n77", "other"); });
  is.edit("setTitle", [&](D d) { return setTitle(d, "", "n77", "A title"); });
  is.edit("setMode of half", [&](D d) { return setMode(d, "", half, NodeMode::bypassed); });
  is.edit("insertOnWire", [&](D d) {
    const Edited more = addNode(d, "", catalog, "tensor.clip", {1, 2}, "");
    return insertOnWire(more.document, "", catalog, *more.made.begin(),
                        {{"n76", "tensor"}, {"n77", "tensor"}, 0});
  });
  is.row("refusal", [&] {
    for (int i = 0; i < 10; ++i)  // as a dragged link asks
      (void)refusal(is.session().document(), "", catalog, {"n20", "tensor"},
                    {"n" + std::to_string(50 + i), "tensor"});
  });
  is.edit("connect", [&](D d) {
    return editor::connect(d, "", catalog, {"n20", "tensor"}, {"n77", "tensor"});
  });
  is.edit("disconnect 1", [&](D d) {
    return editor::disconnect(d, "", {{{"n76", "tensor"}, {"n77", "tensor"}, 0}});
  });
  is.edit("disconnect half", [&](D d) {
    std::vector<Wire> wires = wiresOf(d.graph);
    wires.resize(wires.size() / 2);
    return editor::disconnect(d, "", wires);
  });
  is.edit("setParam", [&](D d) { return setParam(d, "", catalog, "n77", "limit", 2.5); });
}

void editsOfValues(HoldUps& is, const Ids& half) {
  const Catalog& catalog = is.session().catalog();
  is.edit("lockSeed", [](D d) { return lockSeed(d, "", "n0", "seed", Lock::off); });
  is.row("anyRolled", [&] { (void)anyRolled(is.session().document(), catalog); });
  is.edit("rollSeeds", [&](D d) {
    return rollSeeds(lockSeed(d, "", "n0", "seed", Lock::off), catalog, [] { return uint64_t{77}; });
  });
  is.edit("wrapInZone 1", [&](D d) { return wrapInZone(d, "", catalog, {"n77"}).document; });
  is.edit("wrapInZone half", [&](D d) { return wrapInZone(d, "", catalog, half).document; });
  is.edit("makeGroup of 1", [&](D d) { return makeGroup(d, "", catalog, {"n77"}, "one").document; });
  is.edit("makeGroup of half", [&](D d) { return makeGroup(d, "", catalog, half, "half").document; });
  is.edit("expose", [&](D d) { return expose(d, "", catalog, {"n77", "limit"}, "limit"); });
  is.edit("exposeOutput", [&](D d) { return exposeOutput(d, "", {"n77", "tensor"}, "result"); });
  is.edit("unexpose", [&](D d) {
    return unexpose(exposeOutput(d, "", {"n77", "tensor"}, "result"), "", "result");
  });
  is.row("copyText of half", [&] { (void)copyText(is.session().document(), "", half); });
  const std::string text = copyText(is.session().document(), "", half);
  is.edit("paste half", [&](D d) { return paste(d, "", catalog, text, {0, 0}, "").document; });
  is.edit("align half", [&](D d) { return align(d, "", half, Align::left, {}); });
  is.edit("align half, spread", [&](D d) { return align(d, "", half, Align::spreadAcross, {}); });
  is.edit("moveBy of 1", [&](D d) { return moveBy(d, "", {"n77"}, {7, 7}); });
  is.edit("moveBy of half", [&](D d) { return moveBy(d, "", half, {7, 7}); });
  is.edit("tidy", [&](D d) { return withLayout(d, "", tidy(d, "", catalog, {true, {}, {}})); });
}

void editsOfZonesAndGroups(HoldUps& is, int nodes) {
  const Catalog& catalog = is.session().catalog();
  is.edit("addNode in a zone", [&](D d) {
    return addNode(d, "", catalog, "tensor.clip", {1, 2}, "zone7").document;
  });
  is.edit("removeNodes of a zone", [&](D d) { return removeNodes(d, "", catalog, {"zone7"}); });
  is.edit("duplicate a zone", [&](D d) {
    return duplicate(d, "", catalog, {"zone7"}, {30, 30}, true).document;
  });
  is.edit("moveToZone of 1", [&](D d) { return moveToZone(d, "", catalog, {"n77"}, "zone7"); });
  is.edit("moveToZone of eight hundredths",
          [&](D d) { return moveToZone(d, "", catalog, named("n", 1, nodes * 8 / 100), "zone7"); });
  is.edit("moveToZone out of it",
          [&](D d) { return moveToZone(d, "", catalog, named("zone7_", 0, 90), ""); });
  is.edit("addState", [&](D d) { return addState(d, "", "zone7", "y"); });
  is.edit("renameZonePort", [&](D d) { return renameZonePort(d, "", "zone7", "init.x", "latent"); });
  is.edit("setCollectEvery", [&](D d) {
    return setCollectEvery(editor::connect(d, "", catalog, {"zone7_9", "tensor"}, {"zone7", "collect."}), "",
                           "zone7", "tensor", 2);
  });
  is.edit("setParam in a zone", [&](D d) { return setParam(d, "", catalog, "zone7_7", "limit", 2.5); });
  is.edit("setParam in a group", [&](D d) { return setParam(d, "many", catalog, "g77", "limit", 2.5); });
  is.edit("removeNodes in a group",
          [&](D d) { return removeNodes(d, "many", catalog, named("g", 1, nodes * 3 / 20)); });
  is.edit("expandGroup of three tenths", [&](D d) { return expandGroup(d, "", catalog, "many").document; });
  is.edit("makeGroup of zones",
          [&](D d) { return makeGroup(d, "", catalog, named("zone", 0, nodes / 400), "zones").document; });
  is.row(
      "enter a group", [&] { is.session().enter("many"); }, [&] { is.session().enter(""); });
  is.row(
      "leave a group", [&] { is.session().enter(""); }, [&] { is.session().enter("many"); });
}

// As menus and keys do it, with what is selected drawn.
void commands(HoldUps& is, const Ids& half) {
  Canvas& canvas = is.canvas();
  const auto halfSelected = [&] { is.session().select({half, {}, {}}); };
  is.row(
      "select all", [&] { canvas.selectAll(); }, [&] { canvas.selectNone(); });
  is.row(
      "select none", [&] { canvas.selectNone(); }, [&] { canvas.selectAll(); });
  is.row(
      "select linked", [&] { canvas.selectLinked(true, true); },
      [&] {
        is.session().select({{"n77"}, {}, {}});
      });
  is.row(
      "move all by a key", [&] { canvas.moveSelected(8, 0); }, [&] { canvas.selectAll(); });
  is.row(
      "delete the selected half", [&] { canvas.removeSelected(false); }, halfSelected);
  is.row(
      "duplicate the selected half", [&] { canvas.duplicateSelected(true); }, halfSelected);
  is.row(
      "copy the selected half", [&] { canvas.copySelected(); }, halfSelected);
  is.row(
      "paste what was copied", [&] { canvas.paste(); },
      [&] {
        halfSelected();
        canvas.copySelected();
      });
  is.row(
      "mute the selected half", [&] { canvas.muteSelected(); }, halfSelected);
  is.row(
      "collapse the selected half", [&] { canvas.collapseSelected(); }, halfSelected);
  is.row(
      "align the selected half", [&] { canvas.alignSelected(Align::left); }, halfSelected);
  is.row(
      "group the selected half", [&] { canvas.groupSelected(); }, halfSelected);
  is.row(
      "frame the selected half", [&] { canvas.frameSelected(); }, halfSelected);
  is.row(
      "tidy up by command", [&] { canvas.tidyUp(false); }, [&] { canvas.selectNone(); });
  is.row(
      "fit all", [&] { canvas.fitAll(); }, [&] { canvas.zoomTo(1); });
}

void filesAndRuns(HoldUps& is, const Document& document, MainWindow& window) {
  Session& session = is.session();
  QTemporaryDir folder;
  const QString file = folder.filePath("large.loom"), picture = folder.filePath("large.png"),
                heavy = folder.filePath("heavy.png");
  const bool wanted = is.wanted("open") || is.wanted("PNG");
  if (wanted) writeDocument(document, file);
  QImage noise(3000, 4000, QImage::Format_RGB32);
  QRandomGenerator random(7);
  random.generate(reinterpret_cast<quint32*>(noise.bits()),
                  reinterpret_cast<quint32*>(noise.bits()) + noise.sizeInBytes() / 4);
  if (wanted) writeDocument(document, heavy, noise);
  const auto another = [&] { session.openDocument(document, {}, "Benchmark"); };
  is.row(
      "open", [&] { session.open(file); }, another);
  is.row(
      "open over 20 edits", [&] { session.open(file); },
      [&] {
        another();
        for (int i = 0; i < 20; ++i) session.edit("Move", [](D d) { return moveBy(d, "", {"n77"}, {7, 7}); });
      });
  is.row(
      "open by the window", [&] { window.openFile(file); }, another);
  is.row(
      "open a PNG of 36 MB", [&] { session.open(heavy); }, another);
  is.row("drag a PNG of 36 MB over the window", [&] { (void)holdsGraph(heavy); });
  is.row(
      "save", [&] { session.save(file); }, another);
  is.row(
      "save as a PNG", [&] { session.save(picture); }, another);
  is.row(
      "new", [&] { session.newDocument(); }, another);
  is.row(
      "new over 100 edits", [&] { session.newDocument(); },
      [&] {
        another();
        for (int i = 0; i < 100; ++i)
          session.edit("Move", [](D d) { return moveBy(d, "", {"n77"}, {7, 7}); });
      });
  QString run;
  is.row(
      "start a run, until it is over",
      [&] {
        session.edit("Set", [&](D d) {
          static double limit = 1;
          return setParam(d, "", session.catalog(), "n1", "limit", limit += 0.25);
        });
        run = session.run();
        is.waitUntil([&] { return session.runs().find(run)->over(); });
      },
      another);
  is.row("a new worker, its catalog and check", [&] {
    bool came = false;
    QObject context;
    QObject::connect(&session, &Session::catalogChanged, &context, [&] { came = true; });
    session.worker().restart();
    is.waitUntil([&] { return came; });
  });
}

}  // namespace

void holdUps(MainWindow& window, const QString& only, int rounds, int nodes) {
  HoldUps is(window, only, rounds);
  const Document chains = testing::largeChains(nodes), nested = testing::largeNested(nodes);
  const Ids half = named("n", nodes / 4, nodes * 3 / 4), some = named("n", 0, nodes / 20);
  for (const auto& [name, document, ids] :
       {std::tuple{"chains", &chains, &half}, {"nested", &nested, &some}}) {
    is.load(name, *document);
    is.row("nothing", [] {});
    editsOfNodes(is, *ids);
    editsOfValues(is, *ids);
    if (document == &nested) editsOfZonesAndGroups(is, nodes);
    commands(is, *ids);
    filesAndRuns(is, *document, window);
  }
}

}  // namespace loom::bench
