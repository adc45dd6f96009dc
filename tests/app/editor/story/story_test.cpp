// The story that the editor is made for, from its start to its end, with mouse and keys, on the model that
// ships: pick a graph, run it, stop, look, change, fork, compare; wire one from nothing, save it, have it
// back from its picture.
#include <QMimeData>
#include <QTemporaryDir>
#include <QtTest>

#include "engine/graph/graph_file.h"
#include "tests/app/editor/story/driver.h"

using namespace loom;
using namespace loom::editor;

class StoryTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void watchesNoiseBecomeAnEmojiAndForks();
  void wiresAPipelineAndHasItBackFromAPicture();
};

void StoryTest::watchesNoiseBecomeAnEmojiAndForks() {
  QTemporaryDir data;
  Driver user(data.path());
  user.window.begin();
  auto* card = user.window.findChild<QAbstractButton*>("card.ddpm");
  QVERIFY(card && card->isVisible());
  QTest::mouseClick(card, Qt::LeftButton);
  QVERIFY(user.ready());
  QVERIFY2(user.session().checked().ok, "the shipped graph does not pass the worker's check");
  QVERIFY(!card->isVisible());

  user.enter("timesteps", "steps", "4*10");  // an expression, as one types
  QCOMPARE(user.param("timesteps", "steps"), nlohmann::json(40));
  user.enter("start", "batch", "2");
  QCOMPARE(user.param("start", "batch"), nlohmann::json(2));

  // Runs, and stops at step 30.
  // Keys without waiting for the window to come to rest: 40 steps are soon over.
  QTest::keyClick(&user.central(), Qt::Key_Return, Qt::ControlModifier);
  std::shared_ptr<const RunInfo> run;
  QVERIFY(user.waitFor(
      [&] { return (run = user.session().runs().current()) && run->state == RunInfo::State::running; }));
  QTest::keyClick(&user.central(), Qt::Key_F6);
  QVERIFY(user.waitFor([&] { return run->state == RunInfo::State::paused || run->over(); }));
  QVERIFY2(!run->over(), "the run was over before it could be paused");
  QVERIFY(run->zones.at("sampling").done <= 30);
  while (run->zones.at("sampling").done < 30) {
    const int64_t before = run->zones.at("sampling").done;
    user.key(Qt::Key_F7);
    QVERIFY(user.waitFor(
        [&] { return run->zones.at("sampling").done > before && run->state == RunInfo::State::paused; }));
  }
  const nlohmann::json status = user.ask("run.status", {{"run", run->workerId.toStdString()}});
  QCOMPARE(status.at("state"), nlohmann::json("paused"));
  QCOMPARE(status.at("at").at("done"), nlohmann::json(30));

  // Looks at x_t and at the predicted noise there.
  Frames& frames = user.session().frames();
  QVERIFY(user.waitFor([&] { return frames.iterations(run->id, "sampling.x").size() >= 30; }));
  QVERIFY(user.waitFor([&] { return frames.thumbnail(run->id, "predict.x0", {29}) != nullptr; }));
  user.canvas().fitAll();
  user.settle();
  user.click(user.header("predict"));
  QCOMPARE(user.session().selection().nodes, Ids{"predict"});
  QVERIFY2(user.coloursIn("predict") > 300, "no picture stands on the node");
  user.click(user.at("predict", ">epsilon"));
  QCOMPARE(user.session().selection().port, std::string("predict.epsilon"));
  user.key(Qt::Key_V);
  QVERIFY(user.central().viewerShown());
  user.key(Qt::Key_F7);
  QVERIFY2(user.waitFor([&] { return frames.values(run->id, "predict.epsilon", {30}) != nullptr; }),
           "a wire that is looked at is not watched");
  user.key(Qt::Key_V, Qt::ControlModifier | Qt::AltModifier);
  QVERIFY(!user.central().viewerShown());

  // Changes the clipping and forks from there, while the first run goes on to its end afterwards.
  const Node* predict = findNode(user.session().document().graph, "predict");
  const auto& clips = user.session().catalog().node("predict.x0")->input("clip")->choices;
  const auto placeOf = [&](const std::string& name) {
    return static_cast<int>(std::find(clips.begin(), clips.end(), name) - clips.begin());
  };
  user.choose("predict", "clip", placeOf(predict->params.at("clip")), placeOf("none"));
  QCOMPARE(user.param("predict", "clip"), nlohmann::json("none"));
  QVERIFY(user.clickStep("sampling.x", {29}));
  QCOMPARE(user.central().timeline().stepAtCursor(), int64_t{30});
  user.key(Qt::Key_F9);
  std::shared_ptr<const RunInfo> fork;
  QVERIFY(user.waitFor([&] { return (fork = user.session().runs().all().back())->id != run->id; }));
  QVERIFY(user.waitFor([&] { return fork->over(); }));
  QVERIFY2(fork->state == RunInfo::State::finished,
           fork->error ? qPrintable(fork->error->message) : "not finished");
  QCOMPARE(fork->parent, run->id);
  QCOMPARE(fork->forkedAt, int64_t{30});
  user.session().runs().proceed(run->id);
  QVERIFY(user.waitFor([&] { return run->over(); }));

  // Compares both: the same up to there, different after.
  const nlohmann::json difference = user.ask(
      "diff",
      {{"a", run->workerId.toStdString()}, {"b", fork->workerId.toStdString()}, {"ports", {"sampling.x"}}});
  QVERIFY2(!difference.contains("error"), difference.dump().c_str());
  QCOMPARE(difference.at("equal"), nlohmann::json(false));
  QVERIFY(user.waitFor([&] {
    return frames.values(run->id, "sampling.x", {29}) && frames.values(fork->id, "sampling.x", {29});
  }));
  QCOMPARE(frames.values(run->id, "sampling.x", {29})->data,
           frames.values(fork->id, "sampling.x", {29})->data);
  QVERIFY(user.waitFor([&] {
    return frames.values(run->id, "sampling.x", {39}) && frames.values(fork->id, "sampling.x", {39});
  }));
  QVERIFY(frames.values(run->id, "sampling.x", {39})->data !=
          frames.values(fork->id, "sampling.x", {39})->data);
  user.key(Qt::Key_C, Qt::ControlModifier | Qt::AltModifier);
  QCOMPARE(user.session().comparedRun(), run->id);
  user.canvas().centreOn("predict");
  user.settle();
  user.click(user.at("predict", ">x0"));
  user.key(Qt::Key_V);
  user.command("difference");
  QVERIFY2(user.waitFor([&] { return !user.central().viewer().image().isNull(); }, 10'000),
           "no difference is shown");
}

void StoryTest::wiresAPipelineAndHasItBackFromAPicture() {
  QTemporaryDir data, files;
  const QString picture = files.filePath("mine.png");
  std::string saved;
  {
    Driver user(data.path());
    user.window.begin();
    QVERIFY(user.waitFor([&] { return !user.session().catalog().empty(); }));
    user.window.commands().action("file.new")->trigger();
    user.settle();
    const int middle = user.central().height() / 3, width = user.central().width();
    const std::string noise = user.add({width / 10, middle}, "gaussian");
    QVERIFY(!noise.empty());
    QCOMPARE(findNode(user.session().document().graph, noise)->type, std::string("noise.gaussian"));

    // A link dropped on nothing opens the search for what fits it.
    auto before = user.ids();
    user.drag(user.at(noise, ">noise"), {width * 2 / 5, middle});
    user.type("latent to image");
    user.key(Qt::Key_Return);
    std::string image = user.newest(before);
    if (image.empty()) {
      user.type("from_latent");
      user.key(Qt::Key_Return);
      image = user.newest(before);
    }
    QVERIFY2(!image.empty(), "the search that a dropped link opens added nothing");
    QCOMPARE(user.input(image, "latent"), noise + ".noise");

    // And one that is wired by hand.
    const std::string save = user.add({width * 7 / 10, middle}, "save image");
    QVERIFY(!save.empty());
    user.drag(user.at(image, ">image"), user.at(save, "image"));
    QCOMPARE(user.input(save, "image"), image + ".image");
    QVERIFY(user.ready());
    QVERIFY2(user.session().checked().ok, "what was wired does not pass the worker's check");
    user.key(Qt::Key_Return, Qt::ControlModifier);
    std::shared_ptr<const RunInfo> run;
    QVERIFY(user.waitFor([&] { return (run = user.session().runs().current()) && run->over(); }));
    QCOMPARE(run->state, RunInfo::State::finished);
    QCOMPARE(run->files.size(), qsizetype{1});

    user.window.commands().action("file.saveAs")->trigger();
    QVERIFY(user.chooseFile("saveDialog", picture));
    QVERIFY(QFile::exists(picture));
    QVERIFY(!user.session().modified());
    saved = writeGraph(user.session().document());
  }
  // The next day.
  Driver user(data.path());
  user.window.begin();
  QMimeData mime;
  mime.setUrls({QUrl::fromLocalFile(picture)});
  QDragEnterEvent enter(QPoint(300, 300), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
  QCoreApplication::sendEvent(&user.central(), &enter);
  QVERIFY(enter.isAccepted());
  QDropEvent drop(QPointF(300, 300), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
  QCoreApplication::sendEvent(&user.central(), &drop);
  QVERIFY(user.waitFor([&] { return user.session().file() == picture; }, 10'000));
  QCOMPARE(QString::fromStdString(writeGraph(user.session().document())), QString::fromStdString(saved));
}

QTEST_MAIN(StoryTest)
#include "story_test.moc"
