// Parameters, seeds, titles: all that is dragged, typed, chosen or composed on a node.
#include "graph_fixture.h"

using namespace loom;
using namespace loom::editor;
using nlohmann::json;

class ValuesTest : public GraphFixture {
  Q_OBJECT
 private:
  QVariant inputMethod(Qt::InputMethodQuery query) const {
    return static_cast<const QWidget*>(host_.get())->inputMethodQuery(query);
  }

 private Q_SLOTS:
  void initTestCase() { start(); }
  void cleanupTestCase() { stop(); }
  void init() { begin(); }
  void cleanup() { undoAndRedo(); }

  void dragsNumbers() {
    const QPoint field = host_->at("resize", "width", 0.7f);
    host_->drag(field, field + QPoint(60, 0));
    const json wide = node("resize")->params.at("width");
    QVERIFY(wide.is_number_integer());
    QVERIFY2(wide.get<int>() > 36 && wide.get<int>() < 50, wide.dump().c_str());
    QCOMPARE(entries(), size_t(1));  // many steps, one entry
    session_->undoOnce();
    QCOMPARE(node("resize")->params.at("width").get<int>(), 32);
    // Never out of its range.
    host_->frames();
    host_->drag(host_->at("resize", "width", 0.9f), QPoint(5, 300));
    QVERIFY(node("resize")->params.at("width").get<int>() >= 1);
  }

  void typesNumbers() {
    host_->doubleClick(host_->at("resize", "width", 0.7f));
    host_->type("2**6+1");
    host_->key(Qt::Key_Return);
    QCOMPARE(node("resize")->params.at("width"), json(65));
    QSignalSpy noticed(session_.get(), &Session::noticed);
    host_->forgetClicks();
    host_->doubleClick(host_->at("resize", "width", 0.7f));
    host_->type("-3");
    host_->key(Qt::Key_Return);
    QCOMPARE(node("resize")->params.at("width"), json(65));
    QVERIFY(noticed.count() >= 1);
    host_->key(Qt::Key_Escape);
    host_->forgetClicks();
    host_->doubleClick(host_->at("resize", "height", 0.7f));
    host_->type("99");
    host_->key(Qt::Key_Escape);
    QCOMPARE(node("resize")->params.at("height"), json(32));
  }

  void editsByKeyboardAlone() {
    select({"resize"});
    host_->canvas.editSelected();
    host_->frames(4);
    host_->type("48");
    host_->key(Qt::Key_Tab);
    host_->type("24");
    host_->key(Qt::Key_Return);
    QCOMPARE(node("resize")->params.at("width"), json(48));
    QCOMPARE(node("resize")->params.at("height"), json(24));
  }

  void choosesTogglesAndDraws() {
    const QPoint kind = host_->at("schedule", "kind", 0.7f);
    host_->click(kind);
    host_->frames(3);
    host_->shoot("choices");
    host_->key(Qt::Key_Down);
    host_->key(Qt::Key_Return);
    QVERIFY(node("schedule")->params.count("kind"));
    host_->click(host_->at("schedule", "zero_terminal_snr", 0.9f));
    QCOMPARE(node("schedule")->params.at("zero_terminal_snr"), json(true));
    const auto seed = host_->canvas.rectOf("start", "seed");
    QVERIFY(seed);
    host_->click({qRound(seed->x + seed->width - 12), qRound(seed->y + seed->height / 2)});
    QVERIFY(node("start")->params.at("seed") != json(7));
    host_->click(host_->at("start", "shape", 0.8f));
    host_->frames(3);
    host_->key(Qt::Key_A, Qt::ControlModifier);
    host_->type("3x8x8");
    host_->key(Qt::Key_Return);
    QCOMPARE(node("start")->params.at("shape"), json({3, 8, 8}));
  }

  void picksFiles() {
    std::string asked;
    host_->canvas.openFilePicker = [&](const std::string& id, const std::string& port) {
      asked = id + "." + port;
    };
    const auto path = host_->canvas.rectOf("load", "path");
    host_->click({qRound(path->x + path->width - 11), qRound(path->y + path->height / 2)});
    QCOMPARE(asked, std::string("load.path"));
    host_->click(host_->at("load", "path", 0.6f));
    host_->frames(3);
    host_->key(Qt::Key_A, Qt::ControlModifier);
    host_->type("b.png");
    host_->key(Qt::Key_Return);
    QCOMPARE(node("load")->params.at("path"), json("b.png"));
  }

  void renames() {
    host_->doubleClick(host_->header("load"));
    host_->frames(3);
    host_->type("Picture");
    host_->key(Qt::Key_Return);
    QCOMPARE(node("load")->title, std::string("Picture"));
    select({"save"});
    host_->canvas.renameSelected();
    host_->frames(3);
    host_->type("Result");
    host_->key(Qt::Key_Return);
    QCOMPARE(node("save")->title, std::string("Result"));
  }

  // The lock beside the dice: open, each run draws another seed, and nothing else of the graph changes.
  void locksSeeds() {
    const auto field = host_->canvas.rectOf("start", "seed");
    QVERIFY(field);
    const QPoint lock(qRound(field->x + field->width - 28), qRound(field->y + field->height / 2));
    host_->click(lock);
    QCOMPARE(layout().nodes["start"].rolled, std::set<std::string>{"seed"});
    QCOMPARE(param("start", "seed"), json(7));  // drawn when it runs, not before
    host_->shoot("unlocked");
    session_->run();
    const json first = param("start", "seed");
    QVERIFY(first != json(7));
    session_->run();
    QVERIFY(param("start", "seed") != first);
    session_->undoOnce();  // all the runs at once
    QCOMPARE(param("start", "seed"), json(7));
    host_->forgetClicks();
    host_->click(lock);
    QVERIFY(layout().nodes["start"].rolled.empty());
    session_->run();
    QCOMPARE(param("start", "seed"), json(7));
    // A copy is as its original.
    host_->forgetClicks();
    host_->click(lock);
    select({"start"});
    host_->canvas.duplicateSelected(false);
    const std::string copy = *session_->selection().nodes.begin();
    QCOMPARE(layout().nodes[copy].rolled, std::set<std::string>{"seed"});
  }

  // What a stranger's file says of what is no seed, or no node, changes nothing.
  void rollsSeedsAlone() {
    QString text = kGraph;
    text.replace("\"resize\": {\"at\": [240, 0]}",
                 "\"resize\": {\"at\": [240, 0], \"rolled\": [\"width\", 5, \"none\"]}, "
                 "\"nobody\": {\"rolled\": [\"seed\"]}");
    QVERIFY(openText(text.toUtf8()));
    const std::string before = this->text();
    session_->run();
    QCOMPARE(QString::fromStdString(this->text()), QString::fromStdString(before));
  }

  void composesText() {
    QCOMPARE(inputMethod(Qt::ImEnabled).toBool(), false);  // keys are commands
    host_->doubleClick(host_->header("load"));
    QVERIFY(inputMethod(Qt::ImEnabled).toBool());
    host_->key(Qt::Key_A, Qt::ControlModifier);
    host_->compose("ni", QString::fromUtf8("你好"));
    host_->compose({}, QString::fromUtf8(" Привет"));
    // At the field, where the list of candidates belongs.
    const QRect cursor = inputMethod(Qt::ImCursorRectangle).toRect();
    const auto rect = host_->canvas.rectOf("load");
    QVERIFY(cursor.x() >= rect->x && cursor.y() >= rect->y - 4 && cursor.y() <= rect->y + 40);
    host_->shoot("composed");
    host_->key(Qt::Key_Return);
    QCOMPARE(node("load")->title, std::string("你好 Привет"));
    QCOMPARE(entries(), size_t(1));
    // A word that is only shown, and given up, changes nothing.
    host_->forgetClicks();
    host_->doubleClick(host_->header("save"));
    QInputMethodEvent shown(QString::fromUtf8("まだ"), {});
    QCoreApplication::sendEvent(host_.get(), &shown);
    host_->frames(2);
    host_->shoot("preedit");
    host_->key(Qt::Key_Escape);
    QCOMPARE(node("save")->title, std::string());
  }

  // Typed letters, too, of any script.
  void typesOtherScripts() {
    select({"save"});
    host_->canvas.renameSelected();
    host_->frames(3);
    for (const QString& each : {QString::fromUtf8("é"), QString::fromUtf8("Ж"), QString::fromUtf8("한")}) {
      QKeyEvent press(QEvent::KeyPress, 0, Qt::NoModifier, each),
          up(QEvent::KeyRelease, 0, Qt::NoModifier, each);
      QCoreApplication::sendEvent(host_.get(), &press);
      host_->frames(1);
      QCoreApplication::sendEvent(host_.get(), &up);
      host_->frames(1);
    }
    host_->key(Qt::Key_Return);
    QCOMPARE(node("save")->title, std::string("éЖ한"));
  }

  void resetsByTheMenu() {
    host_->click(host_->at("resize", "width", 0.7f), Qt::RightButton);
    host_->frames(3);
    walkInMenu("Reset to default");
    host_->key(Qt::Key_Return);
    QVERIFY(!node("resize")->params.count("width"));
    QCOMPARE(entries(), size_t(1));
  }

  // From far away rows can't be read: a click there selects, and edits nothing.
  void editsOnlyWhatCanBeRead() {
    host_->canvas.zoomTo(0.25f);
    host_->frames(2);
    host_->doubleClick(host_->at("resize", "width", 0.7f));
    host_->type("5");
    host_->key(Qt::Key_Return);
    QCOMPARE(param("resize", "width"), json(32));
    QCOMPARE(session_->selection().nodes, Ids{"resize"});
  }
};

QTEST_MAIN(ValuesTest)
#include "values_test.moc"
