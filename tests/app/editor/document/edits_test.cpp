// Each edit on its own: what it makes, what it takes along, what it refuses and in which words.
#include "app/editor/document/edits.h"
#include "tests/app/editor/document/worker.h"

using namespace loom;
using namespace loom::editor;

namespace {

const Node& nodeOf(const Document& document, const std::string& id, const std::string& place = "") {
  const Node* node = findNode(graphAt(document, place), id);
  if (!node) throw std::runtime_error("there is no node " + id);
  return *node;
}

std::string inputOf(const Document& document, const std::string& node, const std::string& slot,
                    const std::string& place = "") {
  std::string all;
  for (const Link& link : linksInto(graphAt(document, place), {node, slot})) {
    if (!all.empty()) all += ' ';
    all += link.text();
  }
  return all;
}

std::string zoneOf(const Document& document, const std::string& id) {
  const std::vector<std::string> zones = zonesAround(document.graph, id);
  return zones.empty() ? "" : zones.back();
}

QStringList slotsOf(const std::vector<Socket>& sockets) {
  QStringList all;
  for (const Socket& socket : sockets) all << QString::fromStdString(socket.slot);
  return all;
}

}  // namespace

class EditsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    catalog_ = TestWorker().catalog();
    ddpm_ = graphFile("ddpm.loom");
  }
  // No edit changes what it was given.
  void cleanup() { QCOMPARE(writeGraph(ddpm_), writeGraph(graphFile("ddpm.loom"))); }

  // --- what nodes show ---

  void faces() {
    const Face denoise = face("denoise");
    QVERIFY(denoise.known);
    QCOMPARE(denoise.title, std::string("Denoise"));
    QCOMPARE(slotsOf(denoise.inputs), (QStringList{"denoiser", "x_t", "t"}));
    QCOMPARE(slotsOf(denoise.outputs), QStringList{"prediction"});
    const Face zone = face("sampling");
    QCOMPARE(zone.kind, std::string("Zone"));
    QCOMPARE(slotsOf(zone.inputs), (QStringList{"over.t", "init.x", "init.", "over."}));
    QCOMPARE(slotsOf(zone.outputs), (QStringList{"x", "x_t", "x0"}));
    QCOMPARE(slotsOf(zone.bodyOutputs), (QStringList{"t", "x", "index", "count"}));
    QCOMPARE(slotsOf(zone.bodyInputs),
             (QStringList{"next.x", "@until", "collect.x_t", "collect.x0", "collect."}));
    QVERIFY(zone.input("collect.")->adds && zone.input("collect.")->inside);
    // Noise that enters the loop goes round as what the body makes of it.
    QCOMPARE(zone.output("x", true)->port.type, std::string("latent"));
    QCOMPARE(zone.output("t", true)->port.type, std::string("timestep"));
    QCOMPARE(zone.output("x_t", false)->port.type, std::string("recording"));
    QCOMPARE(zone.input("over.t")->port.type, std::string("timesteps"));
    Document counted = addNode(ddpm_, "", catalog_, "zone", {0, 0}, "").document;
    QVERIFY(faceOf(counted, "", nodeOf(counted, "zone"), catalog_).input("@count") != nullptr);
    const Face step = faceOf(ddpm_, "", nodeOf(ddpm_, "step"), catalog_);
    QCOMPARE(step.input("noise_at_end")->label, std::string("noise at end"));
    QCOMPARE(step.input("x_t")->label, std::string("x_t"));
    QCOMPARE(step.output("log_variance", false)->label, std::string("log variance"));
  }

  void placeholdersShowWhatIsNamed() {
    const Document document = parseGraph(R"({"noiseloom": 1, "nodes": {
      "odd": {"type": "newer.thing", "version": 4, "params": {"knob": 3}, "inputs": {"in": "n.noise", "many": ["n.noise"]}},
      "n": {"type": "noise.gaussian", "params": {"later": 1}},
      "r": {"type": "denoise", "inputs": {"x_t": "odd.out", "t": "odd.t"}}},
      "outputs": {"o": {"from": "odd.shown"}}})");
    const Face odd = faceOf(document, "", nodeOf(document, "odd"), catalog_);
    QVERIFY(!odd.known);
    QCOMPARE(slotsOf(odd.inputs), (QStringList{"in", "knob", "many"}));
    QCOMPARE(slotsOf(odd.outputs), (QStringList{"t", "out", "shown"}));
    QVERIFY(odd.input("many")->port.many && !odd.input("in")->port.many);
    QVERIFY(faceOf(document, "", nodeOf(document, "n"), catalog_).input("later") != nullptr);
    // Before the worker has told what there is, all are placeholders.
    QCOMPARE(slotsOf(faceOf(ddpm_, "", nodeOf(ddpm_, "unet"), Catalog()).outputs), QStringList{"denoiser"});
    // They may be linked, set, and moved like any other.
    Document edited = setParam(document, "", catalog_, "odd", "knob", {{"a", 1}});
    edited = editor::connect(edited, "", catalog_, {"odd", "out"}, {"r", "x_t"});
    edited = rename(edited, "", "odd", "even");
    QCOMPARE(inputOf(edited, "r", "x_t"), std::string("even.out"));
    QCOMPARE(edited.graph.outputs[0].from.text(), std::string("even.shown"));
    QCOMPARE(nodeOf(edited, "even").version, 4);
    QCOMPARE(faultOf(edited), std::string());
  }

  void wires() {
    const std::vector<Wire> all = wiresOf(ddpm_.graph);
    QCOMPARE(all.size(), size_t(25));
    QVERIFY(std::find(all.begin(), all.end(), Wire{{"sampling", "x0"}, {"strip", "recordings"}, 1}) !=
            all.end());
    QVERIFY(std::find(all.begin(), all.end(), Wire{{"step", "x_prev"}, {"sampling", "next.x"}, 0}) !=
            all.end());
    for (const Wire& wire : all) {
      const std::vector<Link> links = linksInto(ddpm_.graph, wire.to);
      QVERIFY(links.at(static_cast<size_t>(wire.index)) == wire.from);
    }
    QCOMPARE(zonesAround(graphFile("train/ddpm_emoji.loom").graph, "ddim"),
             (std::vector<std::string>{"training", "sampling"}));
    REFUSED(zonesAround(ddpm_.graph, "nobody"), "nobody");
    REFUSED(graphAt(ddpm_, "nobody"), "no group");
  }

  // --- nodes ---

  void added() {
    const Edited one = addNode(ddpm_, "", catalog_, "denoise", {10.4f, 20.6f}, "");
    QCOMPARE(one.made, Ids{"denoise_2"});
    QVERIFY(*layoutOf(one.document, "")->nodes.at("denoise_2").at == (Point{10, 21}));
    const Edited inZone = addNode(ddpm_, "", catalog_, "predict.x0", {0, 0}, "sampling");
    QCOMPARE(inZone.made, Ids{"x0"});
    QCOMPARE(zoneOf(inZone.document, "x0"), std::string("sampling"));
    const Edited zone = addNode(ddpm_, "", catalog_, "zone", {0, 0}, "sampling");
    QCOMPARE(zoneOf(zone.document, "zone"), std::string("sampling"));
    const Zone& made = *nodeOf(zone.document, "zone").zone;
    QCOMPARE(*made.count, int64_t(10));
    QCOMPARE(made.state[0].name, std::string("x"));
    QCOMPARE(made.state[0].next.text(), std::string("zone.x"));
    QVERIFY(made.state[0].init.empty());
    REFUSED(addNode(ddpm_, "", catalog_, "no.such", {0, 0}, ""), "no.such");
    REFUSED(addNode(ddpm_, "", catalog_, "group:none", {0, 0}, ""), "no group");
    REFUSED(addNode(ddpm_, "", catalog_, "denoise", {0, 0}, "unet"), "no zone");
    REFUSED(addNode(ddpm_, "", catalog_, "denoise", {0, 0}, "none"), "none");
    Document deep = ddpm_;
    std::string in;
    for (int i = 0; i < 32; ++i) {
      const Edited next = addNode(deep, "", catalog_, "zone", {0, 0}, in);
      deep = next.document;
      in = *next.made.begin();
    }
    REFUSED(addNode(deep, "", catalog_, "zone", {0, 0}, in), "32 deep");
    QCOMPARE(faultOf(addNode(deep, "", catalog_, "denoise", {0, 0}, in).document), std::string());
  }

  void addedFromAWire() {
    const auto from = [&](const char* type, const Link& link, const char* zone = "") {
      return addNodeFrom(ddpm_, "", catalog_, type, {0, 0}, zone, link);
    };
    QCOMPARE(inputOf(from("denoise", {"unet", "denoiser"}).document, "denoise_2", "denoiser"),
             std::string("unet.denoiser"));
    // The same type goes before one that can be converted.
    QCOMPARE(inputOf(from("step.ddpm", {"start", "noise"}).document, "ddpm", "noise"),
             std::string("start.noise"));
    QCOMPARE(
        inputOf(from("schedule.timesteps", {"schedule", "schedule"}).document, "timesteps_2", "schedule"),
        std::string("schedule.schedule"));
    const Document over = from("zone", {"timesteps", "timesteps"}).document;
    QCOMPARE(inputOf(over, "zone", "over.timesteps"), std::string("timesteps.timesteps"));
    QVERIFY(!nodeOf(over, "zone").zone->count);
    QCOMPARE(inputOf(from("zone", {"start", "noise"}).document, "zone", "init.x"),
             std::string("start.noise"));
    // From inside of a zone it becomes a member.
    const Document inside = from("image.from_latent", {"predict", "x0"}).document;
    QCOMPARE(zoneOf(inside, "from_latent"), std::string("sampling"));
    QCOMPARE(inputOf(inside, "from_latent", "latent"), std::string("predict.x0"));
    REFUSED(from("weights.load", {"unet", "denoiser"}), "takes no Denoiser");

    const auto to = [&](const char* type, const InputSlot& slot) {
      return addNodeTo(ddpm_, "", catalog_, type, {0, 0}, "", slot).document;
    };
    QCOMPARE(inputOf(to("ddpm.unet", {"denoise", "denoiser"}), "denoise", "denoiser"),
             std::string("unet_2.denoiser"));
    QCOMPARE(inputOf(to("noise.gaussian", {"sampling", "init."}), "sampling", "init.noise"),
             std::string("gaussian.noise"));
    QCOMPARE(inputOf(to("train.every", {"save", "@when"}), "save", "@when"), std::string("every.fires"));
    QCOMPARE(inputOf(to("image.load", {"save", "image"}), "save", "image"), std::string("load.image"));
    REFUSED(to("weights.load", {"denoise", "denoiser"}), "gives no Denoiser");
  }

  void removed() {
    Document without = removeNodes(ddpm_, "", catalog_, {"start", "picture"});
    QVERIFY(inputOf(without, "sampling", "init.x").empty());
    QVERIFY(inputOf(without, "save", "image").empty());
    QVERIFY(without.graph.outputs.empty());
    QCOMPARE(without.graph.inputs[0].to.size(), size_t(1));  // seed: noise is left
    QCOMPARE(without.graph.inputs.size(), size_t(2));        // batch set nothing else
    QCOMPARE(faultOf(without), std::string());
    without = removeNodes(ddpm_, "", catalog_, {"sampling"});
    QVERIFY(!findNode(without.graph, "denoise"));
    QVERIFY(inputOf(without, "strip", "recordings").empty());
    QVERIFY(!nodeOf(without, "strip").inputs.contains("recordings"));
    without = removeNodes(ddpm_, "", catalog_, {"step"});
    QVERIFY(inputOf(without, "sampling", "next.x").empty());
    QCOMPARE(writeGraph(removeNodes(ddpm_, "", catalog_, {"nobody"})), writeGraph(ddpm_));
  }

  void removedAndReconnected() {
    // Through it goes its first input of a fitting type.
    const Document without = removeNodes(ddpm_, "", catalog_, {"step"}, true);
    QCOMPARE(inputOf(without, "sampling", "next.x"), std::string("sampling.x"));
    const Document both = removeNodes(ddpm_, "", catalog_, {"step", "predict"}, true);
    QCOMPARE(inputOf(both, "sampling", "collect.x0"), std::string("sampling.x"));
    const Document zone = removeNodes(ddpm_, "", catalog_, {"sampling"}, true);
    QCOMPARE(inputOf(zone, "picture", "latent"), std::string("start.noise"));
    QVERIFY(inputOf(zone, "strip", "recordings").empty());
    QVERIFY(inputOf(removeNodes(ddpm_, "", catalog_, {"unet"}, true), "denoise", "denoiser").empty());
    QCOMPARE(faultOf(zone), std::string());
  }

  void duplicated() {
    const Document placed = withLayout(ddpm_, "", tidy(ddpm_, "", catalog_, {}));
    const Edited two = duplicate(placed, "", catalog_, {"denoise", "predict"}, {30, 40}, false);
    QCOMPARE(two.made, (Ids{"denoise_2", "predict_2"}));
    QCOMPARE(zoneOf(two.document, "denoise_2"), std::string("sampling"));
    QCOMPARE(inputOf(two.document, "predict_2", "prediction"), std::string("denoise_2.prediction"));
    QVERIFY(inputOf(two.document, "denoise_2", "denoiser").empty());
    Layout layout = *layoutOf(two.document, "");
    QCOMPARE(layout.nodes["denoise_2"].at->x, layout.nodes["denoise"].at->x + 30);
    const Edited wired = duplicate(placed, "", catalog_, {"denoise", "predict"}, {30, 40}, true);
    QCOMPARE(inputOf(wired.document, "denoise_2", "denoiser"), std::string("unet.denoiser"));
    QCOMPARE(inputOf(wired.document, "denoise_2", "x_t"), std::string("sampling.x"));
    // A zone, with all that is in it; the copies of copies have ids of their own.
    Edited zone = duplicate(placed, "", catalog_, {"sampling", "step"}, {0, 700}, false);
    QCOMPARE(zone.made, Ids{"sampling_2"});
    QCOMPARE(zoneOf(zone.document, "step_2"), std::string("sampling_2"));
    QCOMPARE(inputOf(zone.document, "sampling_2", "next.x"), std::string("step_2.x_prev"));
    QCOMPARE(inputOf(zone.document, "denoise_2", "x_t"), std::string("sampling_2.x"));
    zone = duplicate(zone.document, "", catalog_, {"step_2"}, {0, 0}, false);
    QCOMPARE(zone.made, Ids{"step_3"});
    QCOMPARE(faultOf(zone.document), std::string());
  }

  void renamed() {
    Layout layout;
    layout.nodes["sampling"].at = Point{1, 2};
    layout.reroutes["sampling.x>picture.latent"] = {{1, 2}};
    layout.reroutes["start.noise>sampling.init.x"] = {{3, 4}};
    const Document document = withLayout(ddpm_, "", layout);
    const Document loop = rename(document, "", "sampling", "loop");
    QCOMPARE(inputOf(loop, "picture", "latent"), std::string("loop.x"));
    QCOMPARE(inputOf(loop, "denoise", "t"), std::string("loop.t"));
    QCOMPARE(inputOf(loop, "loop", "collect.x_t"), std::string("loop.x"));
    const Layout after = *layoutOf(loop, "");
    QVERIFY(after.nodes.contains("loop") && !after.nodes.contains("sampling"));
    QVERIFY(after.reroutes.contains("loop.x>picture.latent"));
    QVERIFY(after.reroutes.contains("start.noise>loop.init.x"));
    QCOMPARE(rename(document, "", "noise", "fog").graph.inputs[0].to[1].text(), std::string("fog.seed"));
    QCOMPARE(rename(document, "", "picture", "p").graph.outputs[0].from.text(), std::string("p.image"));
    QCOMPARE(writeGraph(rename(loop, "", "loop", "sampling")), writeGraph(document));
    QCOMPARE(writeGraph(rename(document, "", "unet", "unet")), writeGraph(document));
    for (const char* bad : {"", "1st", "a b", "a.b", "ü"})
      REFUSED(rename(ddpm_, "", "unet", bad), "can't be");
    REFUSED(rename(ddpm_, "", "unet", std::string(65, 'a')), "at most 64");
    REFUSED(rename(ddpm_, "", "unet", "step"), "already");  // in a zone: still taken
    REFUSED(rename(ddpm_, "", "nobody", "x"), "nobody");
    QCOMPARE(nodeOf(setTitle(ddpm_, "", "step", "Ein Schritt ✓"), "step").title,
             std::string("Ein Schritt ✓"));
    REFUSED(setTitle(ddpm_, "", "step", "\xff"), "UTF-8");
  }

  void modes() {
    const Document muted = setMode(ddpm_, "", {"step", "save"}, NodeMode::muted);
    QVERIFY(nodeOf(muted, "step").mode == NodeMode::muted && nodeOf(muted, "save").mode == NodeMode::muted);
    QCOMPARE(faultOf(muted), std::string());
    QCOMPARE(writeGraph(setMode(muted, "", {"step", "save"}, NodeMode::on)), writeGraph(ddpm_));
  }

  // --- zones ---

  void movedToZones() {
    const Document in = moveToZone(ddpm_, "", catalog_, {"schedule"}, "sampling");
    QCOMPARE(zoneOf(in, "schedule"), std::string("sampling"));
    QCOMPARE(inputOf(in, "step", "schedule"), std::string("schedule.schedule"));
    QVERIFY(inputOf(in, "timesteps", "schedule").empty());  // can't be seen there any more
    const Document out = moveToZone(ddpm_, "", catalog_, {"predict"}, "");
    QCOMPARE(zoneOf(out, "predict"), std::string());
    QVERIFY(inputOf(out, "predict", "prediction").empty());
    QVERIFY(inputOf(out, "predict", "t").empty());
    QVERIFY(inputOf(out, "sampling", "collect.x0").empty());
    QCOMPARE(faultOf(out), std::string());
    QVERIFY(!refusal(out, "", catalog_, {"predict", "x0"}, {"step", "x0"}));
    const Document step = moveToZone(ddpm_, "", catalog_, {"step"}, "");
    QVERIFY(inputOf(step, "sampling", "next.x").empty());
    QCOMPARE(writeGraph(moveToZone(ddpm_, "", catalog_, {"step"}, "sampling")), writeGraph(ddpm_));
    REFUSED(moveToZone(ddpm_, "", catalog_, {"sampling"}, "sampling"), "itself");
    REFUSED(moveToZone(ddpm_, "", catalog_, {"start"}, "unet"), "no zone");
    const Document exposed = moveToZone(ddpm_, "", catalog_, {"picture"}, "sampling");
    QVERIFY(exposed.graph.outputs.empty());
    QCOMPARE(inputOf(exposed, "picture", "latent"), std::string("sampling.x"));
  }

  void zonePorts() {
    Document document = addState(ddpm_, "", "sampling", "y");
    QCOMPARE(inputOf(document, "sampling", "next.y"), std::string("sampling.y"));
    REFUSED(addState(ddpm_, "", "sampling", "x0"), "already");
    REFUSED(addState(ddpm_, "", "sampling", "index"), "of its own");
    REFUSED(addState(ddpm_, "", "sampling", "a-b"), "can't be");
    REFUSED(addState(ddpm_, "", "unet", "y"), "no zone");
    document = renameZonePort(ddpm_, "", "sampling", "init.x", "latent");
    QCOMPARE(inputOf(document, "denoise", "x_t"), std::string("sampling.latent"));
    QCOMPARE(inputOf(document, "picture", "latent"), std::string("sampling.latent"));
    QCOMPARE(inputOf(document, "sampling", "collect.x_t"), std::string("sampling.latent"));
    QCOMPARE(inputOf(document, "sampling", "init.latent"), std::string("start.noise"));
    QCOMPARE(writeGraph(renameZonePort(document, "", "sampling", "next.latent", "x")), writeGraph(ddpm_));
    document = renameZonePort(ddpm_, "", "sampling", "over.t", "");
    QCOMPARE(*nodeOf(document, "sampling").zone->count, int64_t(10));
    QVERIFY(inputOf(document, "denoise", "t").empty());
    document = renameZonePort(ddpm_, "", "sampling", "collect.x0", "guess");
    QCOMPARE(inputOf(document, "strip", "recordings"), std::string("sampling.x_t sampling.guess"));
    document = renameZonePort(document, "", "sampling", "collect.guess", "");
    QCOMPARE(inputOf(document, "strip", "recordings"), std::string("sampling.x_t"));
    REFUSED(renameZonePort(ddpm_, "", "sampling", "init.x", "t"), "already");
    REFUSED(renameZonePort(ddpm_, "", "sampling", "init.none", "a"), "no init.none");
    REFUSED(renameZonePort(ddpm_, "", "sampling", "nonsense", "a"), "no such socket");
    document = setCollectEvery(ddpm_, "", "sampling", "x0", 5);
    QCOMPARE(nodeOf(document, "sampling").zone->collect[1].every, int64_t(5));
    REFUSED(setCollectEvery(ddpm_, "", "sampling", "x0", 0), "every 1st");
    REFUSED(setCollectEvery(ddpm_, "", "sampling", "x", 1), "nothing of this name");
  }

  // --- wires ---

  void refusals_data() {
    QTest::addColumn<QString>("from");
    QTest::addColumn<QString>("node");
    QTest::addColumn<QString>("slot");
    QTest::addColumn<QString>("words");  // empty: may be
    const auto row = [](const char* from, const char* node, const char* slot, const char* words) {
      QTest::addRow("%s > %s.%s", from, node, slot) << from << node << slot << words;
    };
    row("unet.denoiser", "denoise", "denoiser", "");
    row("start.noise", "predict", "x_t", "");  // by conversion
    row("start.noise", "unet", "weights", "is a Noise, but weights of DDPM U-Net takes a Weights");
    row("denoise.prediction", "step", "x0", "Predict x₀ makes one");
    row("unet.denoiser", "unet", "weights", "feed itself");
    row("step.x_prev", "predict", "x_t", "circle");
    row("predict.x0", "denoise", "x_t", "circle");
    row("sampling.x", "start", "like", "circle");
    row("sampling.x", "sampling", "init.x", "own result");
    row("sampling.x", "sampling", "next.x", "");
    row("sampling.t", "picture", "latent", "inside");
    row("sampling.x0", "denoise", "x_t", "only outside");
    row("predict.x0", "picture", "latent", "state or a collection");
    row("step.x_prev", "sampling", "init.x", "state or a collection");
    row("predict.x0", "sampling", "collect.", "");
    row("predict.x0", "sampling", "next.x", "");
    row("denoise.prediction", "sampling", "next.x", "is a Prediction");
    row("start.noise", "sampling", "next.x", "");
    row("unet.denoiser", "sampling", "over.", "sequence");
    row("timesteps.timesteps", "sampling", "over.", "");
    row("unet.denoiser", "sampling", "init.", "");
    row("unet.denoiser", "sampling", "init.x", "is a Denoiser");
    row("unet.denoiser", "sampling", "@count", "has no count");
    row("unet.denoiser", "sampling", "@until", "takes a Yes or no");
    row("unet.denoiser", "save", "@when", "takes a Yes or no");
    row("sampling.index", "step", "temperature", "Whole number");
    row("unet.nothing", "denoise", "denoiser", "no output");
    row("unet.denoiser", "denoise", "nothing", "no input");
    row("nobody.x", "denoise", "x_t", "no node nobody");
    row("unet.denoiser", "nobody", "x", "no node nobody");
    row("sampling.y", "picture", "latent", "no output");
    row("start.noise", "sampling", "init.y", "no init.y");
    row("start.noise", "sampling", "huh", "no such socket");
    row("sampling.x_t", "strip", "recordings", "");
  }
  void refusals() {
    QFETCH(QString, from);
    QFETCH(QString, node);
    QFETCH(QString, slot);
    QFETCH(QString, words);
    const Link link = *parseLink(from.toStdString());
    const InputSlot to{node.toStdString(), slot.toStdString()};
    const auto why = refusal(ddpm_, "", catalog_, link, to);
    const QString reason = QString::fromStdString(why.value_or(""));
    QVERIFY2(words.isEmpty() ? !why : reason.contains(words), qPrintable(reason));
    if (why) {
      REFUSED(editor::connect(ddpm_, "", catalog_, link, to), *why);
      QVERIFY(reason.endsWith('.'));
    } else {
      const Document done = editor::connect(ddpm_, "", catalog_, link, to);
      QCOMPARE(faultOf(done), std::string());
      if (!slot.endsWith('.')) {
        const std::vector<Link> links = linksInto(done.graph, to);
        QVERIFY(std::find(links.begin(), links.end(), link) != links.end());
      }
    }
  }

  void connected() {
    Document document =
        editor::connect(ddpm_, "", catalog_, {"predict", "epsilon"}, {"sampling", "collect."});
    QCOMPARE(inputOf(document, "sampling", "collect.epsilon"), std::string("predict.epsilon"));
    document = editor::connect(document, "", catalog_, {"sampling", "epsilon"}, {"strip", "recordings"});
    QCOMPARE(inputOf(document, "strip", "recordings"),
             std::string("sampling.x_t sampling.x0 sampling.epsilon"));
    QCOMPARE(
        writeGraph(editor::connect(document, "", catalog_, {"sampling", "epsilon"}, {"strip", "recordings"})),
        writeGraph(document));
    document = editor::connect(document, "", catalog_, {"start", "noise"}, {"sampling", "init."});
    QCOMPARE(inputOf(document, "sampling", "next.noise"), std::string("sampling.noise"));
    document = editor::connect(ddpm_, "", catalog_, {"sampling", "index"}, {"noise", "skip"});
    QCOMPARE(inputOf(document, "noise", "skip"), std::string("sampling.index"));
    document = editor::disconnect(document, "", {{{"sampling", "index"}, {"noise", "skip"}, 0}});
    QCOMPARE(writeGraph(document), writeGraph(ddpm_));
    document = editor::disconnect(ddpm_, "",
                                  {{{"sampling", "x_t"}, {"strip", "recordings"}, 0},
                                   {{"step", "x_prev"}, {"sampling", "next.x"}, 0},
                                   {{"timesteps", "timesteps"}, {"sampling", "over.t"}, 0}});
    QCOMPARE(inputOf(document, "strip", "recordings"), std::string("sampling.x0"));
    QVERIFY(inputOf(document, "sampling", "next.x").empty() &&
            inputOf(document, "sampling", "over.t").empty());
    QCOMPARE(nodeOf(document, "sampling").zone->over.size(), size_t(1));
    QCOMPARE(writeGraph(editor::disconnect(ddpm_, "", {{{"a", "b"}, {"c", "d"}, 0}})), writeGraph(ddpm_));
  }

  // A count that is driven gives way to a number when the wire goes.
  void drivenCounts() {
    Document document = addNode(ddpm_, "", catalog_, "zone", {0, 0}, "sampling").document;
    document = editor::connect(document, "", catalog_, {"sampling", "count"}, {"zone", "@count"});
    QVERIFY(!nodeOf(document, "zone").zone->count);
    QCOMPARE(inputOf(document, "zone", "@count"), std::string("sampling.count"));
    const Document cut = editor::disconnect(document, "", {{{"sampling", "count"}, {"zone", "@count"}, 0}});
    QCOMPARE(*nodeOf(cut, "zone").zone->count, int64_t(10));
    const Document set = setParam(document, "", catalog_, "zone", "count", 3);
    QCOMPARE(*nodeOf(set, "zone").zone->count, int64_t(3));
    QVERIFY(inputOf(set, "zone", "@count").empty());
    const Document out = moveToZone(document, "", catalog_, {"zone"}, "");
    QVERIFY(inputOf(out, "zone", "@count").empty());
    QCOMPARE(faultOf(out), std::string());
  }

  // Linked from inside of a zone, a node comes in, and what hangs on it.
  void wiredIntoAZone() {
    Document document = addNode(ddpm_, "", catalog_, "image.from_latent", {0, 0}, "").document;
    document =
        addNodeFrom(document, "", catalog_, "image.save", {0, 0}, "", {"from_latent", "image"}).document;
    QVERIFY(!refusal(document, "", catalog_, {"predict", "x0"}, {"from_latent", "latent"}));
    const Document in = editor::connect(document, "", catalog_, {"predict", "x0"}, {"from_latent", "latent"});
    QCOMPARE(zoneOf(in, "from_latent"), std::string("sampling"));
    QCOMPARE(zoneOf(in, "save_2"), std::string("sampling"));
    QCOMPARE(inputOf(in, "save_2", "image"), std::string("from_latent.image"));
    // Not so where something outside needs it: here an exposed output.
    const Document exposed = exposeOutput(document, "", {"from_latent", "image"}, "other");
    REFUSED(editor::connect(exposed, "", catalog_, {"predict", "x0"}, {"from_latent", "latent"}),
            "state or a collection");
    // Or where it reads the loop's result.
    REFUSED(editor::connect(ddpm_, "", catalog_, {"predict", "x0"}, {"picture", "latent"}),
            "state or a collection");
    // What changes with the step is there only inside: so in it comes too.
    QCOMPARE(
        zoneOf(editor::connect(document, "", catalog_, {"sampling", "index"}, {"save_2", "scale"}), "save_2"),
        std::string("sampling"));
  }

  void insertedOnWires() {
    Document document = addNode(ddpm_, "", catalog_, "tensor.clip", {0, 0}, "").document;
    const Wire inside{{"predict", "x0"}, {"step", "x0"}, 0};
    document = insertOnWire(document, "", catalog_, "clip", inside);
    QCOMPARE(zoneOf(document, "clip"), std::string("sampling"));
    QCOMPARE(inputOf(document, "clip", "tensor"), std::string("predict.x0"));
    QCOMPARE(inputOf(document, "step", "x0"), std::string("clip.tensor"));
    QCOMPARE(inputOf(document, "sampling", "collect.x0"), std::string("predict.x0"));
    document = addNode(ddpm_, "", catalog_, "tensor.clip", {0, 0}, "").document;
    const Document state =
        insertOnWire(document, "", catalog_, "clip", {{"step", "x_prev"}, {"sampling", "next.x"}, 0});
    QCOMPARE(inputOf(state, "sampling", "next.x"), std::string("clip.tensor"));
    const Document constant =
        insertOnWire(document, "", catalog_, "clip", {{"sampling", "x"}, {"denoise", "x_t"}, 0});
    QCOMPARE(zoneOf(constant, "clip"), std::string("sampling"));
    REFUSED(insertOnWire(document, "", catalog_, "clip", {{"unet", "denoiser"}, {"denoise", "denoiser"}, 0}),
            "takes what");
    REFUSED(insertOnWire(document, "", catalog_, "unet", {{"unet", "denoiser"}, {"denoise", "denoiser"}, 0}),
            "at an end");
    REFUSED(insertOnWire(document, "", catalog_, "clip", {{"a", "b"}, {"denoise", "denoiser"}, 0}),
            "not there");
    // In a list it takes the place of the wire.
    const Document sheet =
        parseGraph(R"({"noiseloom": 1, "nodes": {"a": {"type": "image.load"}, "b": {"type": "image.load"},
      "r": {"type": "image.resize"}, "s": {"type": "image.contact_sheet", "inputs": {"images": ["a.image", "b.image"]}}}})");
    QCOMPARE(
        inputOf(insertOnWire(sheet, "", catalog_, "r", {{"a", "image"}, {"s", "images"}, 0}), "s", "images"),
        std::string("r.image b.image"));
  }

  // --- parameters ---

  void parameters_data() {
    QTest::addColumn<QString>("node");
    QTest::addColumn<QString>("port");
    QTest::addColumn<QString>("value");
    QTest::addColumn<QString>("is");  // JSON, or part of the refusal
    const auto row = [](const char* node, const char* port, const char* value, const char* is) {
      QTest::addRow("%s.%s = %s", node, port, value) << node << port << value << is;
    };
    row("timesteps", "steps", "50", "50");
    row("timesteps", "steps", "50.0", "50");
    row("timesteps", "steps", "0", "! out of range: from 1 to 1000000");
    row("timesteps", "steps", "1.5", "! whole number");
    row("timesteps", "steps", "\"5\"", "! whole number");
    row("timesteps", "steps", "99999999999999999999", "! whole number");
    row("timesteps", "spacing", "\"all\"", "\"all\"");
    row("timesteps", "spacing", "\"some\"", "! none of: all, uniform");
    row("timesteps", "spacing", "3", "! text");
    row("start", "seed", "18446744073709551615", "18446744073709551615");
    row("start", "seed", "-1", "! seed");
    row("start", "shape", "[1, 8, 8.0]", "[1,8,8]");
    row("start", "shape", "[1, -8]", "! 0 to 2^31");
    row("start", "shape", "[1,1,1,1,1,1,1,1,1]", "! 8 sizes");
    row("start", "shape", "3", "! list");
    row("start", "like", "3", "3");  // any
    row("predict", "clip_range", "2.0", "2");
    row("predict", "clip_range", "0.25", "0.25");
    row("predict", "clip_range", "\"a\"", "! number");
    row("step", "noise_at_end", "true", "true");
    row("step", "noise_at_end", "1", "! true or false");
    row("save", "path", "\"a b/ü.png\"", "\"a b/ü.png\"");
    row("unet", "weights", "3", "! takes a link");
    row("unet", "none", "3", "! no parameter none");
    row("nobody", "x", "3", "! no node");
    row("sampling", "count", "3", "! has no count");
    row("sampling", "x", "3", "! one parameter, count");
  }
  void parameters() {
    QFETCH(QString, node);
    QFETCH(QString, port);
    QFETCH(QString, value);
    QFETCH(QString, is);
    const auto set = [&] {
      return setParam(ddpm_, "", catalog_, node.toStdString(), port.toStdString(),
                      nlohmann::json::parse(value.toStdString()));
    };
    if (is.startsWith('!')) {
      REFUSED(set(), is.mid(2).toStdString());
      return;
    }
    const Document document = set();
    QCOMPARE(nodeOf(document, node.toStdString()).params.at(port.toStdString()).dump(), is.toStdString());
    QCOMPARE(faultOf(document), std::string());
    const Document reset = setParam(document, "", catalog_, node.toStdString(), port.toStdString(), nullptr);
    QVERIFY(!nodeOf(reset, node.toStdString()).params.contains(port.toStdString()));
  }

  // A value goes before the link that drove it; a link keeps the value for when it goes.
  void linkedParameters() {
    Document document = editor::connect(ddpm_, "", catalog_, {"sampling", "index"}, {"noise", "skip"});
    QVERIFY(inputOf(setParam(document, "", catalog_, "noise", "skip", 2), "noise", "skip").empty());
    document = setParam(ddpm_, "", catalog_, "noise", "skip", 2);
    document = editor::connect(document, "", catalog_, {"sampling", "index"}, {"noise", "skip"});
    QCOMPARE(nodeOf(document, "noise").params.at("skip").get<int>(), 2);
  }

  // --- exposed names ---

  void exposed() {
    Document document = expose(ddpm_, "", catalog_, {"save", "scale"}, "scale");
    document = expose(document, "", catalog_, {"save_strip", "scale"}, "scale");
    QCOMPARE(document.graph.inputs.back().to.size(), size_t(2));
    REFUSED(expose(document, "", catalog_, {"save", "scale"}, "other"), "as scale already");
    REFUSED(expose(document, "", catalog_, {"save", "none"}, "other"), "no parameter");
    REFUSED(expose(document, "", catalog_, {"sampling", "next.x"}, "other"), "can be exposed");
    REFUSED(expose(document, "", catalog_, {"save", "@when"}, "other"), "can be exposed");
    REFUSED(expose(document, "", catalog_, {"save", "columns"}, "a b"), "can't be");
    QCOMPARE(expose(document, "", catalog_, {"sampling", "init.x"}, "first").graph.inputs.back().to[0].text(),
             std::string("sampling.x"));
    document = exposeOutput(document, "", {"sampling", "x0"}, "guesses");
    REFUSED(exposeOutput(document, "", {"sampling", "x0"}, "image"), "already");
    REFUSED(exposeOutput(document, "", {"predict", "x0"}, "inner"), "inside");
    REFUSED(exposeOutput(document, "", {"nobody", "x0"}, "inner"), "nobody");
    document = unexpose(document, "", "guesses");
    document = unexpose(document, "", "scale");
    QCOMPARE(writeGraph(document), writeGraph(ddpm_));
    REFUSED(unexpose(ddpm_, "", "nothing"), "no exposed name");
  }

 private:
  Face face(const std::string& id) { return faceOf(ddpm_, "", nodeOf(ddpm_, id), catalog_); }

  Catalog catalog_;
  Document ddpm_;
};

QTEST_MAIN(EditsTest)
#include "edits_test.moc"
