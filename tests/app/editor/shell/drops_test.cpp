// What is dropped on the window, anywhere: graphs and pictures that hold one open, all else is refused in
// words and loses nothing.
#include <QMimeData>
#include <QtTest/QtTest>

#include "app/editor/document/document_file.h"
#include "app/editor/shell/places.h"
#include "engine/graph/graph_file.h"
#include "tests/app/editor/story/driver.h"

using namespace loom;
using namespace loom::editor;

class DropsTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  std::unique_ptr<Driver> user_;
  Session& session() { return user_->session(); }
  QString graphFile() const { return graphsFolder() + "/ddim.loom"; }
  QString written(const char* name, const QByteArray& bytes) const {
    const QString file = folder_.filePath(name);
    QFile out(file);
    if (!out.open(QIODevice::WriteOnly | QIODevice::Truncate)) return {};
    out.write(bytes);
    return file;
  }
  QByteArray pictureBytes(bool withGraph) const {
    const QString file = folder_.filePath("picture.png");
    QImage image(40, 30, QImage::Format_RGB32);
    image.fill(Qt::green);
    if (withGraph)
      writeDocument(readDocument(graphFile()), file, image);
    else
      image.save(file);
    QFile in(file);
    return in.open(QIODevice::ReadOnly) ? in.readAll() : QByteArray();
  }
  static bool drop(QWidget* on, const QList<QUrl>& urls) {
    QMimeData data;
    data.setUrls(urls);
    QDragEnterEvent enter({30, 30}, Qt::CopyAction, &data, Qt::LeftButton, {});
    QCoreApplication::sendEvent(on, &enter);
    if (!enter.isAccepted()) return false;
    QDropEvent event({30, 30}, Qt::CopyAction, &data, Qt::LeftButton, {});
    QCoreApplication::sendEvent(on, &event);
    return true;
  }

 private Q_SLOTS:
  void initTestCase() {
    user_ = std::make_unique<Driver>(folder_.filePath("data"));
    QVERIFY(user_->waitFor([this] { return !session().catalog().empty(); }));
  }
  void cleanupTestCase() { user_.reset(); }

  void graphsOpenWhereverTheyAreDropped() {
    const QString picture = written("mine.png", pictureBytes(true));
    QWidget* const places[] = {&user_->central(), &user_->window};
    for (QWidget* place : places)
      for (const QString& file : {graphFile(), picture}) {
        session().newDocument();
        QVERIFY(drop(place, {QUrl::fromLocalFile(file)}));
        QCOMPARE(session().file(), file);
        QCOMPARE(QString::fromStdString(writeGraph(session().document())),
                 QString::fromStdString(writeGraph(readDocument(graphFile()))));
      }
    // On the gallery too, which lies over all; it goes then.
    user_->window.begin();
    auto* gallery = user_->window.findChild<QWidget*>("gallery");
    QVERIFY(gallery->isVisible() && !gallery->acceptDrops());  // so that the window has what falls on it
    QVERIFY(drop(&user_->window, {QUrl::fromLocalFile(picture)}));
    QTRY_VERIFY(gallery->isHidden());
  }

  void allElseIsRefused_data() {
    QTest::addColumn<QList<QUrl>>("urls");
    const auto row = [](const char* name, const QString& file) {
      QTest::newRow(name) << QList<QUrl>{QUrl::fromLocalFile(file)};
    };
    const QByteArray good = pictureBytes(true);
    row("no graph", written("plain.png", pictureBytes(false)));
    row("cut short", written("short.png", good.left(good.size() / 3)));
    QByteArray lying = good;  // a chunk that claims two gigabytes
    const auto chunk = lying.indexOf("IHDR") + 4 + 13 + 4;
    lying.replace(chunk, 4, QByteArray::fromHex("7fffffff"));
    row("a chunk that lies", written("lies.png", lying));
    row("a header alone", written("header.png", good.left(8)));
    row("words by that name", written("words.png", "this is no picture"));
    row("nothing in it", written("empty.png", {}));
    row("half a graph", written("half.loom", R"({"noiseloom": 1, "nodes": {"a": {"type": )"));
    row("another format", written("other.loom", R"({"last_node_id": 9, "nodes": []})"));
    row("deep", written("deep.loom", QByteArray(200'000, '[')));
    row("a text", written("notes.txt", "hello"));
    row("not there", folder_.filePath("nowhere.loom"));
    row("a folder", folder_.path());
  }
  void allElseIsRefused() {
    QFETCH(QList<QUrl>, urls);
    QVERIFY(session().open(graphFile()));
    session().edit("Mine", [](const Document& document) {
      Document next = document;
      next.title = "Not saved yet";
      return next;
    });
    const std::string before = writeGraph(session().document());
    const size_t entries = session().undo().now();
    QSignalSpy noticed(&session(), &Session::noticed);
    drop(&user_->central(), urls);
    // Refused at once, or asked first whether to save what is there, and refused then.
    if (auto* discard = user_->window.findChild<QPushButton*>("saveQuestion.discard"))
      QTest::mouseClick(discard, Qt::LeftButton);
    QTRY_COMPARE(noticed.count(), 1);
    QVERIFY(noticed[0][1].toBool());
    QVERIFY2(noticed[0][0].toString().contains(urls.first().fileName()) ||
                 noticed[0][0].toString().contains(QDir(urls.first().toLocalFile()).dirName()),
             qPrintable(noticed[0][0].toString()));
    QCOMPARE(QString::fromStdString(writeGraph(session().document())), QString::fromStdString(before));
    QCOMPARE(session().undo().now(), entries);
    QVERIFY(session().modified());
    QCOMPARE(session().file(), graphFile());
    session().undoOnce();
  }

  void whatIsNoFileIsLeftAlone() {
    QVERIFY(session().open(graphFile()));
    QSignalSpy noticed(&session(), &Session::noticed);
    drop(&user_->central(), {QUrl("https://example.org/a.png")});
    QMimeData words;
    words.setText("a.loom");
    QDragEnterEvent enter({30, 30}, Qt::CopyAction, &words, Qt::LeftButton, {});
    QCoreApplication::sendEvent(&user_->central(), &enter);
    QVERIFY(!enter.isAccepted());
    QCOMPARE(session().file(), graphFile());
    QCOMPARE(noticed.count(), 0);
  }
};

QTEST_MAIN(DropsTest)
#include "drops_test.moc"
