// The whole story without a mouse: from the gallery to a run, a fork and a comparison, then a pipeline wired
// from nothing. That no mouse event happens is watched.
#include <QtTest/QtTest>

#include "app/editor/shell/gallery.h"
#include "tests/app/editor/story/driver.h"

using namespace loom;
using namespace loom::editor;
using nlohmann::json;

namespace {

/// Counts what a mouse does in any window of the program.
class NoMouse : public QObject {
 public:
  NoMouse() { qApp->installEventFilter(this); }
  int seen = 0;

 protected:
  bool eventFilter(QObject*, QEvent* event) override {
    seen += event->type() == QEvent::MouseButtonPress || event->type() == QEvent::MouseButtonRelease ||
            event->type() == QEvent::MouseMove || event->type() == QEvent::Wheel;
    return false;
  }
};

}  // namespace

class KeyboardTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Driver> user_;
  Session& session() { return user_->session(); }

  // To whatever has the keyboard, as a keyboard does it.
  void press(const char* keys) {
    const QKeySequence sequence(QString::fromUtf8(keys), QKeySequence::PortableText);
    for (int i = 0; i < sequence.count(); ++i) {
      QWidget* to = QApplication::focusWidget();
      QTest::keyClick(to ? to : &user_->window, sequence[i].key(), sequence[i].keyboardModifiers());
    }
    user_->settle();
  }
  void type(const QString& text) {
    for (const QChar each : text) {
      QTest::keyClick(QApplication::focusWidget(), each.toLatin1());
      QTest::qWait(20);
    }
    user_->settle();
  }
  QString focus() const {
    return QApplication::focusWidget() ? QApplication::focusWidget()->objectName() : QString();
  }
  bool tabTo(const QString& name) {
    for (int i = 0; i < 60 && focus() != name; ++i) press("Tab");
    return focus() == name;
  }
  void find(const char* node) {
    press("Ctrl+F");
    type(node);
    press("Return");
    QCOMPARE(session().selection().nodes, Ids{node});
  }
  // In the inspector, where every parameter can be reached.
  void setInInspector(const char* node, const char* port, const QString& value) {
    find(node);
    press("Ctrl+I");
    QVERIFY2(tabTo(QString("param.%1.%2").arg(node, port)), qPrintable(focus()));
    press("Ctrl+A");
    type(value);
    press("Return");
  }

 private Q_SLOTS:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    user_ = std::make_unique<Driver>(folder_->filePath("data"));
  }
  void cleanup() {
    user_.reset();
    folder_.reset();
  }

  void fromTheGalleryToAComparison() {
    const NoMouse mouse;
    user_->window.begin();
    QVERIFY(user_->waitFor([this] { return focus() == "card.ddpm"; }));
    press("Right");
    press("Left");
    press("Return");
    QVERIFY(user_->ready());
    QVERIFY(session().file().endsWith("/ddpm.loom"));

    find("timesteps");
    press("Return");  // into its first parameter, on the canvas
    press("Ctrl+A");
    type("8");
    press("Return");
    QCOMPARE(user_->param("timesteps", "steps"), json(8));
    setInInspector("start", "batch", "1");
    QCOMPARE(user_->param("start", "batch"), json(1));

    press("Ctrl+Return");
    QVERIFY(user_->waitFor([this] { return !session().runs().all().empty(); }));
    const auto run = session().runs().all().back();
    QVERIFY(user_->waitFor([&] { return run->over(); }));
    QCOMPARE(run->state, RunInfo::State::finished);

    // To step 4, and from there again with another temperature.
    press("Ctrl+Shift+C");  // in a field these keys are the field's
    press("Ctrl+Home");
    for (int i = 0; i < 3; ++i) press("Ctrl+Right");
    QCOMPARE(user_->central().timeline().stepAtCursor(), int64_t{4});
    setInInspector("step", "temperature", "0.5");
    QCOMPARE(user_->param("step", "temperature"), json(0.5));
    press("F9");
    QVERIFY(user_->waitFor([this] { return session().runs().all().size() == 2; }));
    const auto fork = session().runs().all().back();
    QVERIFY(user_->waitFor([&] { return fork->over(); }));
    QCOMPARE(fork->state, RunInfo::State::finished);
    QCOMPARE(fork->forkedAt, int64_t{4});

    press("Ctrl+Alt+C");
    QCOMPARE(session().shownRun()->id, fork->id);
    QCOMPARE(session().comparedRun(), run->id);
    find("predict");
    press("V");
    QVERIFY(user_->central().viewerShown());
    press("Ctrl+K, Ctrl+5");
    QVERIFY(user_->waitFor([this] { return !user_->central().viewer().image().isNull(); }));
    QCOMPARE(mouse.seen, 0);
  }

  void aPipelineFromNothing() {
    const NoMouse mouse;
    user_->window.begin();
    QVERIFY(user_->waitFor([this] { return focus() == "card.ddpm" && !session().catalog().empty(); }));
    press("End");
    QCOMPARE(focus(), QString("galleryEmpty"));
    press("Return");
    QVERIFY(session().document().graph.nodes.empty());
    const auto add = [this](const char* words) {
      const auto before = user_->ids();
      press("Tab");
      type(words);
      press("Return");
      return user_->newest(before);
    };
    const std::string noise = add("gaussian noise"), image = add("latent to image"), save = add("save image");
    QVERIFY(!noise.empty() && !image.empty() && !save.empty());
    const auto link = [this](const std::string& from, const std::string& to) {
      press("Ctrl+Shift+W");
      QCOMPARE(focus(), QString("linksField"));
      type(QString::fromStdString(from + " " + to));
      press("Return");
      QVERIFY(user_->central().hasFocus());
    };
    find(image.c_str());
    link(noise + ".noise", image + ".latent");
    QCOMPARE(user_->input(image, "latent"), noise + ".noise");
    link(image + ".image", save + ".image");
    QCOMPARE(user_->input(save, "image"), image + ".image");
    // Cut, and taken back.
    press("Ctrl+Shift+U");
    type(QString::fromStdString(save));
    press("Return");
    QVERIFY(user_->input(save, "image").empty());
    press("Ctrl+Z");
    QCOMPARE(user_->input(save, "image"), image + ".image");

    press("Ctrl+Return");
    QVERIFY(user_->waitFor([this] { return !session().runs().all().empty(); }));
    const auto run = session().runs().all().back();
    QVERIFY(user_->waitFor([&] { return run->over(); }));
    QCOMPARE(run->state, RunInfo::State::finished);

    // Asked whether to save, by keys too.
    press("Ctrl+N");
    auto* question = user_->window.findChild<QWidget*>("saveQuestion");
    QVERIFY(question && question->isVisible());
    QVERIFY2(tabTo("saveQuestion.discard"), qPrintable(focus()));
    press("Space");
    QVERIFY(user_->waitFor([this] { return session().document().graph.nodes.empty(); }));
    QCOMPARE(mouse.seen, 0);
  }

  void everyPanelIsReached() {
    const NoMouse mouse;
    QVERIFY(user_->waitFor([this] { return !session().catalog().empty(); }));
    session().edit("Title", [](const Document& document) {
      Document next = document;
      next.title = "Mine";
      return next;
    });
    press("Ctrl+5");  // problems, which are hidden at first
    press("Ctrl+Shift+C");
    QVERIFY(user_->central().hasFocus());
    for (const char* keys : {"Ctrl+F6", "Ctrl+Shift+F6"}) {
      QSet<QString> seen;
      for (int i = 0; i < 12; ++i) {
        press(keys);
        QVERIFY(QApplication::focusWidget());
        for (QWidget* each = QApplication::focusWidget(); each; each = each->parentWidget())
          if (each->objectName().startsWith("dock.") || each == &user_->central()) {
            seen << each->objectName();
            QVERIFY2(user_->window.rect().intersects(
                         each->rect().translated(each->mapTo(&user_->window, QPoint()))),
                     qPrintable("who has the keyboard is not seen: " + each->objectName() + " " + focus()));
          }
      }
      for (const char* name :
           {"canvas", "dock.library", "dock.inspector", "dock.runs", "dock.batch", "dock.history"})
        QVERIFY2(seen.contains(name), name);
    }
    QCOMPARE(mouse.seen, 0);
  }
};

QTEST_MAIN(KeyboardTest)
#include "keyboard_test.moc"
