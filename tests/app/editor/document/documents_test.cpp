// Undo, files, expressions.
#include <QtEndian>

#include "app/editor/document/document_file.h"
#include "app/editor/document/edits.h"
#include "app/editor/document/undo.h"
#include "tests/app/editor/document/worker.h"

using namespace loom;
using namespace loom::editor;

namespace {

Document titled(const std::string& title) {
  Document document;
  document.title = title;
  return document;
}

QByteArray contents(const QString& name) {
  QFile file(name);
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void write(const QString& name, const QByteArray& bytes) {
  QFile file(name);
  QVERIFY(file.open(QIODevice::WriteOnly));
  file.write(bytes);
}

}  // namespace

class DocumentsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  // --- undo ---

  void undoAndRedo() {
    Undo undo(titled("0"));
    QVERIFY(!undo.canUndo() && !undo.canRedo());
    undo.push("one", titled("1"));
    undo.push("two", titled("2"));
    QCOMPARE(undo.document().title, std::string("2"));
    undo.undo();
    QCOMPARE(undo.document().title, std::string("1"));
    QVERIFY(undo.canRedo());
    undo.redo();
    undo.redo();  // nothing left: stays
    QCOMPARE(undo.document().title, std::string("2"));
    undo.go(0);
    QCOMPARE(undo.document().title, std::string("0"));
    undo.undo();
    undo.push("other", titled("3"));
    QCOMPARE(undo.entries().size(), size_t(2));
    QVERIFY(!undo.canRedo());
    QCOMPARE(undo.entries()[1].name, std::string("other"));
    undo.go(99);
    QCOMPARE(undo.now(), size_t(1));
  }

  void aDragIsOneStep() {
    Undo undo(titled("0"));
    for (int i = 1; i < 50; ++i) undo.push("Move", titled(std::to_string(i)), "move a");
    QCOMPARE(undo.entries().size(), size_t(2));
    QCOMPARE(undo.document().title, std::string("49"));
    undo.endMerge();
    undo.push("Move", titled("again"), "move a");
    QCOMPARE(undo.entries().size(), size_t(3));
    undo.push("Move", titled("b"), "move b");
    QCOMPARE(undo.entries().size(), size_t(4));
    undo.undo();
    undo.push("Move", titled("c"), "move a");  // after an undo a drag is a new one
    QCOMPARE(undo.entries().size(), size_t(4));
    undo.undo();
    QCOMPARE(undo.document().title, std::string("again"));
  }

  void theOldestGo() {
    Undo undo(titled("0"));
    for (int i = 1; i < 2500; ++i) undo.push("Edit", titled(std::to_string(i)));
    QCOMPARE(undo.entries().size(), size_t(1000));
    QCOMPARE(undo.document().title, std::string("2499"));
    undo.go(0);
    QCOMPARE(undo.document().title, std::string("1500"));
  }

  // --- files ---

  void savedAndReadAgain() {
    QTemporaryDir folder;
    const Document document = graphFile("ddpm.loom");
    const QString file = folder.filePath("größe 图.loom");
    writeDocument(document, file);
    QCOMPARE(contents(file).toStdString(), writeGraph(document));
    QCOMPARE(writeGraph(readDocument(file)), writeGraph(document));
    QVERIFY(holdsGraph(file));
    writeDocument(titled("new"), file);  // over the old one
    QCOMPARE(readDocument(file).title, std::string("new"));
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files).size(), 1);
  }

  void picturesHoldGraphs() {
    QTemporaryDir folder;
    Document document = graphFile("train/ddpm_emoji.loom");
    document.about = "Grüße, 图, \xf0\x9f\x98\x80, and a\nnew line";
    QImage picture(40, 30, QImage::Format_RGB32);
    picture.fill(Qt::red);
    for (const QImage& image : {picture, QImage()}) {
      const QString file = folder.filePath("a.PNG");
      writeDocument(document, file, image);
      QCOMPARE(writeGraph(readDocument(file)), writeGraph(document));
      QVERIFY(holdsGraph(file));
      QVERIFY(!QImage(file).isNull());
    }
    QFile::rename(folder.filePath("a.PNG"), folder.filePath("b.loom"));  // what counts is what is in it
    QCOMPARE(writeGraph(readDocument(folder.filePath("b.loom"))), writeGraph(document));
  }

  void largeGraphsFitIntoPictures() {
    QTemporaryDir folder;
    Document document = graphFile("ddpm.loom");
    for (uint32_t i = 0; i < 12u << 20; ++i)
      document.about += static_cast<char>('a' + (i * 7919u + i / 31) % 26);
    writeDocument(document, folder.filePath("a.png"));
    QVERIFY(readDocument(folder.filePath("a.png")).about == document.about);
    QVERIFY(!QImage(folder.filePath("a.png")).isNull());
    document.about += document.about;  // more than the runner reads
    REFUSED(writeDocument(document, folder.filePath("a.png")), "save it as .loom");
    QVERIFY(readDocument(folder.filePath("a.png")).about.size() < size_t(13 << 20));
  }

  // The runner's own key and the editor's are one.
  void aPictureOfTheRunnerOpens() {
    QTemporaryDir folder;
    QProcess runner;
    runner.start(NOISELOOM_RUNNER, {"run", NOISELOOM_SOURCE_DIR "/graphs/ddpm.loom", "--set", "steps=2",
                                    "--set", "batch=1", "--out", folder.path()});
    QVERIFY(runner.waitForFinished(120'000));
    QCOMPARE(runner.exitCode(), 0);
    const QString file = folder.filePath("ddpm.png");
    QVERIFY(holdsGraph(file));
    Document expected = withValue(withValue(graphFile("ddpm.loom"), "steps", 2), "batch", 1);
    QCOMPARE(meaningOf(readDocument(file)), meaningOf(expected));
  }

  // Small files that would be large ones.
  void picturesAreBounded() {
    QTemporaryDir folder;
    const QString file = folder.filePath("a.png");
    const auto chunk = [](const QByteArray& type, const QByteArray& data, qsizetype length = -1) {
      QByteArray bytes(4, 0);
      qToBigEndian(static_cast<quint32>(length < 0 ? data.size() : length), bytes.data());
      return bytes + type + data + QByteArray(4, 0);
    };
    const QByteArray magic("\x89PNG\r\n\x1a\n", 8), key("noiseloom.graph\0", 16), packed("\1\0\0\0", 4);
    const QByteArray bomb = qCompress(QByteArray(80 << 20, ' ')).mid(4);
    for (const QByteArray& body :
         {chunk("zTXt", key + QByteArray(1, 0) + bomb), chunk("iTXt", key + packed + bomb),
          chunk("tEXt", key + "{}", 0x7fffffff), chunk("iTXt", key + packed + "nonsense"), chunk("iTXt", key),
          chunk("zTXt", key), chunk("tEXt", "noiseloom.grap"), chunk("iTXt", key + "\1")}) {
      write(file, magic + body);
      QVERIFY(!holdsGraph(file));
      REFUSED(readDocument(file), "without a graph");
    }
    // What comes last counts, as for the runner; Latin-1 becomes UTF-8.
    write(file,
          magic + chunk("tEXt", key + "{}") + chunk("tEXt", key + "{\"noiseloom\": 1, \"title\": \"\xfc\"}"));
    QCOMPARE(readDocument(file).title, std::string("ü"));
  }

  void badFiles_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("words");
    QTest::newRow("empty") << QByteArray() << "bad.loom";
    QTest::newRow("no JSON") << QByteArray("hello") << "bad.loom";
    QTest::newRow("other JSON") << QByteArray("{\"a\": 1}") << "not a Noiseloom graph";
    QTest::newRow("newer") << QByteArray("{\"noiseloom\": 99}") << "newer";
    QTest::newRow("cut PNG") << QByteArray("\x89PNG\r\n\x1a\n", 8) << "without a graph";
    QTest::newRow("no UTF-8") << QByteArray("{\"noiseloom\": 1, \"title\": \"\xff\"}") << "bad.loom";
  }
  void badFiles() {
    QFETCH(QByteArray, bytes);
    QFETCH(QString, words);
    QTemporaryDir folder;
    const QString file = folder.filePath("bad.loom");
    write(file, bytes);
    REFUSED(readDocument(file), words.toStdString());
    REFUSED(readDocument(file), "bad.loom");
  }

  void noFiles() {
    QTemporaryDir folder;
    REFUSED(readDocument(folder.filePath("none.loom")), "none.loom");
    REFUSED(readDocument(folder.path()), "no ordinary file");
    REFUSED(readDocument("/dev/zero"), "no ordinary file");
    REFUSED(writeDocument(Document(), folder.filePath("no/such/a.loom")), "a.loom");
    QVERIFY(!holdsGraph(folder.filePath("none.loom")));
    QVERIFY(!holdsGraph(folder.path()));
    QVERIFY(!holdsGraph("/dev/zero"));
    write(folder.filePath("a.txt"), "{}");
    write(folder.filePath("b.loom"), "no");
    write(folder.filePath("c.json"), "{\"x\": 1}");
    write(folder.filePath("d.json"), " {\"noiseloom\": 1}");
    QVERIFY(!holdsGraph(folder.filePath("a.txt")));
    QVERIFY(!holdsGraph(folder.filePath("b.loom")));
    QVERIFY(!holdsGraph(folder.filePath("c.json")));
    QVERIFY(holdsGraph(folder.filePath("d.json")));
    QFile large(folder.filePath("large.loom"));
    QVERIFY(large.open(QIODevice::WriteOnly) && large.resize((64 << 20) + 1));
    REFUSED(readDocument(large.fileName()), "64 MiB");
    QImage plain(8, 8, QImage::Format_RGB32);
    plain.fill(Qt::blue);
    plain.save(folder.filePath("plain.png"));
    QVERIFY(!holdsGraph(folder.filePath("plain.png")));
    REFUSED(readDocument(folder.filePath("plain.png")), "without a graph");
  }

  // What can't be written leaves what was there.
  void aFailedSaveLosesNothing() {
    QTemporaryDir folder;
    const QString file = folder.filePath("a.loom");
    writeDocument(titled("kept"), file);
    QVERIFY(QFile::setPermissions(folder.path(), QFile::ReadOwner | QFile::ExeOwner));
    bool failed = false;
    try {
      writeDocument(titled("other"), file);
    } catch (const Error&) {
      failed = true;
    }
    QFile::setPermissions(folder.path(), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    QCOMPARE(readDocument(file).title, std::string(failed ? "kept" : "other"));  // root may do anything
  }

  // --- expressions ---

  void expressions_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<double>("value");
    const auto row = [](const char* text, double value) { QTest::newRow(text) << QString(text) << value; };
    row("1", 1);
    row(" 2.5 ", 2.5);
    row(".5", 0.5);
    row("5.", 5);
    row("1e-4", 1e-4);
    row("1E+3", 1000);
    row("2*pi", 6.283185307179586);
    row("tau/2", 3.141592653589793);
    row("e", 2.718281828459045);
    row("1/255", 1.0 / 255);
    row("sqrt(2)", 1.4142135623730951);
    row("-3**2", -9);
    row("(-3)**2", 9);
    row("2**3**2", 512);
    row("2**-1", 0.5);
    row("2 ** 0.5", 1.4142135623730951);
    row("1-2-3", -4);
    row("8/4/2", 1);
    row("1+2*3", 7);
    row("(1+2)*3", 9);
    row("7//2", 3);
    row("-7//2", -4);
    row("7%3", 1);
    row("-7%3", 2);
    row("7.5%2", 1.5);
    row("--3", 3);
    row("-+3", -3);
    row("2*-3", -6);
    row("min(3, 1, 2)", 1);
    row("max(3, 1, 2)", 3);
    row("abs(-2)", 2);
    row("floor(-1.5)", -2);
    row("ceil(1.2)", 2);
    row("round(2.5)", 3);
    row("log(e)", 1);
    row("log2(8)", 3);
    row("log10(1000)", 3);
    row("log(8, 2)", 3);
    row("exp(0)", 1);
    row("sin(0) + cos(0) + tan(0)", 1);
    row("1 - 1e-4 * 2", 0.9998);
    row("3e2", 300);
  }
  void expressions() {
    QFETCH(QString, text);
    QFETCH(double, value);
    const std::optional<double> got = evaluate(text.toStdString());
    QVERIFY(got.has_value());
    QVERIFY(std::abs(*got - value) <= 1e-12 * std::max(1.0, std::abs(value)));
  }

  void noExpressions() {
    std::vector<std::string> bad{
        "",       " ",        "1 2",   "2x",      "1.2.3",  "1e",     "(1",    "1)",        "()",    "*1",
        "1*",     "1**",      "1***2", "sqrt",    "sqrt()", "foo(1)", "pi(1)", "sqrt(1,2)", "1/0",   "0/0",
        "log(0)", "sqrt(-1)", "1e999", "10**999", "inf",    "nan",    "0x10",  "1,2",       "min()", "x",
        "=1",     "1;2",      "π",     "\xff",    "1\n+",   "//2",    "1 % 0", "2 * * 3"};
    bad.push_back(std::string(100'000, '('));
    bad.push_back(std::string(100'000, '-') + "1");
    bad.push_back(std::string(200, '(') + "1" + std::string(200, ')'));
    bad.push_back(std::string("1\0002", 3));
    std::string chain = "2";
    for (int i = 0; i < 100; ++i) chain += "**1";
    bad.push_back(chain);
    for (const std::string& text : bad) QVERIFY2(!evaluate(text), text.substr(0, 30).c_str());
    std::string random;
    uint32_t seed = 1;
    const std::string_view letters = "0123456789.e+-*/%(), pisqrtlog";
    for (int i = 0; i < 20'000; ++i) {  // whatever it is: no crash, and what comes is finite
      random.clear();
      for (uint32_t n = (seed = seed * 1664525 + 1013904223) >> 27; n > 0; --n)
        random += letters[((seed = seed * 1664525 + 1013904223) >> 16) % letters.size()];
      if (const auto value = evaluate(random)) QVERIFY(std::isfinite(*value));
    }
  }
};

QTEST_MAIN(DocumentsTest)
#include "documents_test.moc"
