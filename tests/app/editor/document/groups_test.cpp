// Groups, zones made from nodes, and the clipboard.
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

}  // namespace

class GroupsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    worker_ = std::make_unique<TestWorker>();
    catalog_ = worker_->catalog();
    ddpm_ = graphFile("ddpm.loom");
    placed_ = withLayout(ddpm_, "", tidy(ddpm_, "", catalog_, {}));
  }
  void cleanupTestCase() { worker_.reset(); }

  void made() {
    const Edited group = makeGroup(placed_, "", catalog_, {"denoise", "predict"}, "guess");
    const Document& document = group.document;
    QCOMPARE(group.made, Ids{"guess"});
    QCOMPARE(zoneOf(document, "guess"), std::string("sampling"));
    QCOMPARE(nodeOf(document, "guess").type, std::string("group:guess"));
    QCOMPARE(inputOf(document, "guess", "x_t"), std::string("sampling.x"));
    QCOMPARE(inputOf(document, "step", "x0"), std::string("guess.x0"));
    QCOMPARE(inputOf(document, "sampling", "collect.x0"), std::string("guess.x0"));
    QCOMPARE(inputOf(document, "predict", "prediction", "guess"), std::string("denoise.prediction"));
    QVERIFY(inputOf(document, "predict", "x_t", "guess").empty());
    const Face face = faceOf(document, "", nodeOf(document, "guess"), catalog_);
    QVERIFY(face.known);
    QCOMPARE(face.kind, std::string("Group guess"));
    QCOMPARE(face.input("x_t")->port.type, std::string("latent"));
    QCOMPARE(face.output("x0", false)->port.type, std::string("latent"));
    QVERIFY(layoutOf(document, "guess")->nodes.contains("denoise"));
    QVERIFY(!layoutOf(document, "")->nodes.contains("denoise"));
    QVERIFY(layoutOf(document, "")->nodes.at("guess").at == layoutOf(placed_, "")->nodes.at("denoise").at);
    QCOMPARE(worker_->errorsOf(document), std::string());
    const Edited flat = expandGroup(document, "", catalog_, "guess");
    QCOMPARE(flat.made, (Ids{"denoise", "predict"}));
    QCOMPARE(meaningOf(flat.document), meaningOf(ddpm_));
    QVERIFY(*layoutOf(flat.document, "") == *layoutOf(placed_, ""));
    QVERIFY(!flat.document.layout->contains("groups"));
  }

  // What was exposed is set through the group, and a whole zone may be in one.
  void exposedThrough() {
    const Document document = makeGroup(ddpm_, "", catalog_, {"sampling", "timesteps"}, "sampler").document;
    QCOMPARE(document.graph.inputs[0].to[1].node, std::string("sampler"));
    QCOMPARE(worker_->errorsOf(document), std::string());
    QCOMPARE(worker_->errorsOf(withValue(document, "steps", 7)), std::string());
    QCOMPARE(meaningOf(expandGroup(document, "", catalog_, "sampler").document), meaningOf(ddpm_));
    QCOMPARE(
        expandGroup(withValue(document, "steps", 7), "", catalog_, "sampler").document.graph.nodes.size(),
        ddpm_.graph.nodes.size());
    QCOMPARE(meaningOf(expandGroup(withValue(document, "steps", 7), "", catalog_, "sampler").document),
             meaningOf(withValue(ddpm_, "steps", 7)));
  }

  void refusedGroups() {
    REFUSED(makeGroup(ddpm_, "", catalog_, {}, "g"), "Select nodes");
    REFUSED(makeGroup(ddpm_, "", catalog_, {"unet", "step"}, "g"), "different zones");
    REFUSED(makeGroup(ddpm_, "", catalog_, {"denoise", "step"}, "g"), "Predict x₀ lies between");
    REFUSED(makeGroup(ddpm_, "", catalog_, {"denoise"}, "a b"), "can't be");
    REFUSED(expandGroup(ddpm_, "", catalog_, "unet"), "no group");
    const Document training = graphFile("train/ddpm_emoji.loom");
    REFUSED(makeGroup(training, "", catalog_, {"plot", "append"}, "g"), "when");
    // All of them skipped by the same: so is the group.
    const Document both = makeGroup(training, "", catalog_, {"plot"}, "g").document;
    QCOMPARE(nodeOf(both, "g").when->text(), std::string("look.fires"));
    QCOMPARE(worker_->errorsOf(both), std::string());
    QCOMPARE(meaningOf(expandGroup(both, "", catalog_, "g").document), meaningOf(training));
  }

  // Used twice, a group stays when one use is expanded; names that are taken give way.
  void usedTwice() {
    Document document = makeGroup(ddpm_, "", catalog_, {"denoise", "predict"}, "guess").document;
    document = duplicate(document, "", catalog_, {"guess"}, {0, 100}, true).document;
    QCOMPARE(inputOf(document, "guess_2", "x_t"), std::string("sampling.x"));
    const Document one = expandGroup(document, "", catalog_, "guess_2").document;
    QVERIFY(one.groups.contains("guess"));
    const Edited both = expandGroup(one, "", catalog_, "guess");
    QCOMPARE(both.made, (Ids{"denoise_2", "predict_2"}));
    QCOMPARE(inputOf(both.document, "predict_2", "prediction"), std::string("denoise_2.prediction"));
    QCOMPARE(inputOf(both.document, "step", "x0"), std::string("predict_2.x0"));
    QVERIFY(both.document.groups.empty());
    QCOMPARE(worker_->errorsOf(both.document), std::string());
  }

  void groupsInGroups() {
    Document document = makeGroup(ddpm_, "", catalog_, {"denoise", "predict"}, "guess").document;
    document = makeGroup(document, "", catalog_, {"guess", "step", "noise"}, "body").document;
    QCOMPARE(worker_->errorsOf(document), std::string());
    QCOMPARE(nodeOf(document, "guess", "body").type, std::string("group:guess"));
    REFUSED(addNode(document, "guess", catalog_, "group:body", {0, 0}, ""), "hold itself");
    REFUSED(addNode(document, "guess", catalog_, "group:guess", {0, 0}, ""), "hold itself");
    REFUSED(paste(document, "guess", catalog_, copyText(document, "", {"body"}), {0, 0}, ""), "hold itself");
    // Edits inside reach those who use it.
    Document renamed = rename(document, "guess", "denoise", "net");
    QCOMPARE(worker_->errorsOf(renamed), std::string());
    Document removed = removeNodes(document, "guess", catalog_, {"predict"});
    QCOMPARE(faultOf(removed), std::string());
    QVERIFY(inputOf(removed, "step", "x0", "body").empty());
    QVERIFY(graphAt(removed, "guess").outputs.empty());
    removed = unexpose(document, "guess", "x_t");
    QVERIFY(inputOf(removed, "guess", "x_t", "body").empty());
    QCOMPARE(faultOf(removed), std::string());
    Document flat = expandGroup(document, "", catalog_, "body").document;
    flat = expandGroup(flat, "", catalog_, "guess").document;
    QCOMPARE(meaningOf(flat), meaningOf(ddpm_));
    QVERIFY(flat.groups.empty());
  }

  // The loop of DDPM, taken out of its zone and wrapped again.
  void wrapped() {
    const Document loose = parseGraph(R"({"noiseloom": 1, "nodes": {
      "start": {"type": "noise.gaussian"},
      "unet": {"type": "ddpm.unet"},
      "denoise": {"type": "denoise", "inputs": {"denoiser": "unet.denoiser", "x_t": "start.noise"}},
      "predict": {"type": "predict.x0", "inputs": {"prediction": "denoise.prediction", "x_t": "start.noise"}},
      "step": {"type": "step.ddpm", "inputs": {"x0": "predict.x0", "x_t": "start.noise"}},
      "picture": {"type": "image.from_latent", "inputs": {"latent": "step.x_prev"}}}})");
    const Edited zone = wrapInZone(loose, "", catalog_, {"denoise", "predict", "step"});
    QCOMPARE(zone.made, Ids{"zone"});
    const Document& document = zone.document;
    QCOMPARE(zoneOf(document, "step"), std::string("zone"));
    QCOMPARE(inputOf(document, "zone", "init.x_prev"), std::string("start.noise"));
    QCOMPARE(inputOf(document, "zone", "next.x_prev"), std::string("step.x_prev"));
    QCOMPARE(inputOf(document, "denoise", "x_t"), std::string("zone.x_prev"));
    QCOMPARE(inputOf(document, "denoise", "denoiser"), std::string("unet.denoiser"));  // a constant
    QCOMPARE(inputOf(document, "picture", "latent"), std::string("zone.x_prev"));
    QCOMPARE(faultOf(document), std::string());
    const Document two = wrapInZone(loose, "", catalog_, {"predict", "denoise"}).document;
    QCOMPARE(inputOf(two, "step", "x0"), std::string("zone.x0"));
    QCOMPARE(faultOf(wrapInZone(loose, "", catalog_, {"start", "unet"}).document), std::string());
    REFUSED(wrapInZone(loose, "", catalog_, {"denoise", "step"}), "lies between");
    REFUSED(wrapInZone(loose, "", catalog_, {}), "Select nodes");
  }

  // --- the clipboard ---

  void copied() {
    const std::string text = copyText(placed_, "", {"denoise", "predict"});
    const Document clip = parseGraph(text);
    QCOMPARE(clip.graph.nodes.size(), size_t(2));
    QVERIFY(clip.graph.inputs.empty());
    QCOMPARE(layoutOf(clip, "")->nodes.size(), size_t(2));
    // Beside the originals: wired as they are, as all it names is there.
    const Edited beside = paste(placed_, "", catalog_, text, {500, 600}, "sampling");
    QCOMPARE(beside.made, (Ids{"denoise_2", "predict_2"}));
    QCOMPARE(inputOf(beside.document, "denoise_2", "denoiser"), std::string("unet.denoiser"));
    QCOMPARE(inputOf(beside.document, "denoise_2", "x_t"), std::string("sampling.x"));
    QCOMPARE(inputOf(beside.document, "predict_2", "prediction"), std::string("denoise_2.prediction"));
    QCOMPARE(worker_->errorsOf(beside.document), std::string());
    const Layout layout = *layoutOf(beside.document, "");
    QVERIFY(std::abs(layout.nodes.at("denoise_2").at->x - 500) < 400);
    // Outside of the zone its step can't be seen.
    const Edited outside = paste(placed_, "", catalog_, text, {0, 0}, "");
    QVERIFY(inputOf(outside.document, "denoise_2", "t").empty());
    QCOMPARE(inputOf(outside.document, "denoise_2", "denoiser"), std::string("unet.denoiser"));
    // Into an empty one nothing of this is there.
    const Edited alone = paste(Document(), "", catalog_, text, {0, 0}, "");
    QCOMPARE(alone.made, (Ids{"denoise", "predict"}));
    QVERIFY(inputOf(alone.document, "denoise", "denoiser").empty());
    QCOMPARE(inputOf(alone.document, "predict", "prediction"), std::string("denoise.prediction"));
    // Where another node has that name, what does not fit is dropped.
    Document other = addNode(Document(), "", catalog_, "noise.gaussian", {0, 0}, "").document;
    other = rename(other, "", "gaussian", "unet");
    QVERIFY(inputOf(paste(other, "", catalog_, text, {0, 0}, "").document, "denoise", "denoiser").empty());
  }

  void aWholeDocument() {
    const std::string text = writeGraph(ddpm_);
    const Edited once = paste(Document(), "", catalog_, text, {0, 0}, "");
    QCOMPARE(once.made.size(), ddpm_.graph.nodes.size());
    const auto layout = layoutOf(once.document, "");
    for (const auto& [id, node] : layout->nodes) QVERIFY(node.at.has_value());
    QCOMPARE(layoutOf(once.document, "")->nodes.size(), size_t(14));
    const Edited twice = paste(once.document, "", catalog_, text, {0, 0}, "");
    QVERIFY(findNode(twice.document.graph, "step_2") != nullptr);
    QCOMPARE(worker_->errorsOf(twice.document), std::string());
  }

  void groupsComeAlong() {
    const Document document = makeGroup(placed_, "", catalog_, {"denoise", "predict"}, "guess").document;
    const std::string text = copyText(document, "", {"guess"});
    const Document alone = paste(Document(), "", catalog_, text, {0, 0}, "").document;
    QVERIFY(alone.groups.contains("guess"));
    QVERIFY(layoutOf(alone, "guess")->nodes.contains("denoise"));
    const Document same = paste(document, "", catalog_, text, {0, 0}, "sampling").document;
    QCOMPARE(same.groups.size(), size_t(1));
    // Another group of this name: both stay.
    const Document changed = setParam(document, "guess", catalog_, "predict", "clip", "none");
    const Edited both = paste(changed, "", catalog_, text, {0, 0}, "sampling");
    QCOMPARE(both.document.groups.size(), size_t(2));
    QCOMPARE(nodeOf(both.document, *both.made.begin()).type, std::string("group:guess_2"));
    QCOMPARE(worker_->errorsOf(both.document), std::string());
  }

  void framesAndNotes() {
    Layout layout = *layoutOf(placed_, "");
    layout.frames["f1"] = {{0, 0, 100, 100}, "Frame", ""};
    layout.notes["n1"] = {{5, 5, 10, 10}, "Note", ""};
    const Document document = withLayout(placed_, "", layout);
    const Edited pasted =
        paste(document, "", catalog_, copyText(document, "", {"f1", "n1", "start"}), {0, 0}, "");
    QCOMPARE(pasted.made, (Ids{"f1_2", "n1_2", "start_2"}));
    QCOMPARE(layoutOf(pasted.document, "")->frames.size(), size_t(2));
    const Edited twice = duplicate(document, "", catalog_, {"f1"}, {10, 10}, false);
    QCOMPARE(twice.made.size(), size_t(1));
    QCOMPARE(layoutOf(twice.document, "")->frames.at(*twice.made.begin()).rect.x, 10.f);
    const Document gone = removeNodes(document, "", catalog_, {"f1", "n1"});
    QVERIFY(*layoutOf(gone, "") == *layoutOf(placed_, ""));
    QCOMPARE(layoutOf(moveBy(document, "", {"f1"}, {3, 4}), "")->frames.at("f1").rect.y, 4.f);
    QVERIFY(!addNode(document, "", catalog_, "denoise", {0, 0}, "").made.contains("f1"));
  }

  void linesOfAFile() {
    const Edited one =
        paste(Document(), "", catalog_, R"("a": {"type": "denoise", "params": {"q": 1}},)", {0, 0}, "");
    QCOMPARE(one.made, Ids{"a"});
    const Edited two = paste(
        one.document, "", catalog_,
        R"({"a": {"type": "denoise"}, "b": {"type": "predict.x0", "inputs": {"prediction": "a.prediction"}}})",
        {0, 0}, "");
    QCOMPARE(two.made, (Ids{"a_2", "b"}));
    QCOMPARE(inputOf(two.document, "b", "prediction"), std::string("a_2.prediction"));
  }

  void whatIsNoGraph() {
    for (const char* text :
         {"", "hello", "{}", "[1]", "{\"noiseloom\": 1, \"nodes\": 3}", "{\"noiseloom\": 7}", "\"type\"",
          "{\"a\": {\"type\": 3}}", "{\"a b\": {\"type\": \"denoise\"}}"})
      REFUSED(paste(ddpm_, "", catalog_, text, {0, 0}, ""), "The text");
    QVERIFY(paste(ddpm_, "", catalog_, "{\"noiseloom\": 1}", {0, 0}, "").made.empty());
    REFUSED(paste(ddpm_, "", catalog_, std::string((64 << 20) + 1, ' '), {0, 0}, ""), "64 MiB");
    REFUSED(paste(ddpm_, "", catalog_, writeGraph(ddpm_), {0, 0}, "unet"), "no zone");
    std::string deep = "{\"noiseloom\": 1, \"nodes\": {";
    for (int i = 0; i < 32; ++i)
      deep += "\"z" + std::to_string(i) + "\": {\"type\": \"zone\", \"count\": 1, \"nodes\": {";
    deep += std::string(64, '}') + "}}";
    QCOMPARE(paste(ddpm_, "", catalog_, deep, {0, 0}, "").made.size(), size_t(1));
    REFUSED(paste(ddpm_, "", catalog_, deep, {0, 0}, "sampling"), "32 deep");
  }

 private:
  std::unique_ptr<TestWorker> worker_;
  Catalog catalog_;
  Document ddpm_, placed_;
};

QTEST_MAIN(GroupsTest)
#include "groups_test.moc"
