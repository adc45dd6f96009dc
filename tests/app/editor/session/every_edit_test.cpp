// Every edit there is, through the session: undone it is the same bytes as before, redone the same as after,
// by its name in the history; the journal has it at once; what runs came to is not touched. And the
// clipboard's text from one session to another and through a text editor, also where it is none of ours.
#include <random>

#include "app/editor/document/edits.h"
#include "app/editor/session/journal.h"
#include "tests/app/editor/session/example.h"

using namespace loom;
using namespace loom::editor;
using testing::kPatience;

namespace {

using Make = std::function<Document(const Document&)>;

struct Row {
  std::string edit;  // as edits.h names it
  Make make;
};

std::string bytesOf(const Session& session) { return writeGraph(session.document()); }

std::string textFile(const QString& name) {
  QFile file(name);
  return file.open(QIODevice::ReadOnly) ? file.readAll().toStdString() : std::string();
}

}  // namespace

class EveryEditTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  void initTestCase() {
    folder_ = std::make_unique<QTemporaryDir>();
    Session session(testing::withWorker(folder_->filePath(QStringLiteral("asked"))));
    QTRY_VERIFY_WITH_TIMEOUT(!session.catalog().empty(), kPatience);
    catalog_ = session.catalog();
    // Placed, with a group, a node beside and one that is exposed: something for each edit.
    document_ = testing::quickDdpm();
    document_ = makeGroup(document_, "", catalog_, {"denoise", "predict"}, "guess").document;
    document_ = addNode(document_, "", catalog_, "tensor.clip", {10, 20}, "").document;
    document_ = withLayout(document_, "", tidy(document_, "", catalog_, {true, {}, {}}));
    rows_ = rows();
  }

  void noEditIsForgotten() {
    std::set<std::string> covered;
    for (const Row& row : rows_) covered.insert(row.edit);
    const std::string header = textFile(testing::sources() + QStringLiteral("/app/editor/document/edits.h"));
    static const QRegularExpression declared(QStringLiteral("^(?:Document|Edited) (\\w+)\\("),
                                             QRegularExpression::MultilineOption);
    int found = 0;
    for (auto it = declared.globalMatch(QString::fromStdString(header)); it.hasNext(); ++found) {
      const QString name = it.next().captured(1);
      QVERIFY2(covered.contains(name.toStdString()), qPrintable(name + QStringLiteral(" has no row here")));
    }
    QVERIFY(found > 20);
  }

  void undoneAndRedone_data() {
    QTest::addColumn<int>("row");
    for (size_t i = 0; i < rows_.size(); ++i)
      QTest::addRow("%zu %s", i, rows_[i].edit.c_str()) << static_cast<int>(i);
  }

  void undoneAndRedone() {
    QFETCH(int, row);
    const Row& which = rows_.at(static_cast<size_t>(row));
    Session session(testing::withoutWorker(folder_->filePath(QString::number(row))));
    session.openDocument(document_, {}, QStringLiteral("Example"));
    const std::string before = bytesOf(session);
    const QString name = QStringLiteral("Do %1").arg(QString::fromStdString(which.edit));
    QSignalSpy noticed(&session, &Session::noticed);
    QVERIFY2(session.edit(name, which.make),
             noticed.isEmpty() ? "" : qPrintable(noticed.first().first().toString()));
    const std::string after = bytesOf(session);
    QVERIFY2(after != before, "it does nothing: this row shows nothing");
    QCOMPARE(writeGraph(parseGraph(after)), after);
    QCOMPARE(journalOf(session), after);
    QVERIFY(session.modified());
    QCOMPARE(session.undo().entries().back().name, name.toStdString());
    for (int again = 0; again < 2; ++again) {
      session.undoOnce();
      QCOMPARE(bytesOf(session), before);
      QVERIFY(!session.modified());
      QCOMPARE(journalOf(session), std::string());
      session.redoOnce();
      QCOMPARE(bytesOf(session), after);
      QCOMPARE(journalOf(session), after);
    }
    QCOMPARE(session.undo().entries().size(), size_t{2});
    QVERIFY(session.runs().all().empty());
  }

  // All of them one after another, in any order: the history leads to each, and the journal follows.
  void allInARow() {
    std::mt19937 random(3);
    Session session(testing::withoutWorker(folder_->filePath(QStringLiteral("row"))));
    session.openDocument(document_, {}, QStringLiteral("Example"));
    std::vector<std::string> texts{bytesOf(session)};
    for (int i = 0; i < 120; ++i) {
      const Row& row = rows_[random() % rows_.size()];
      if (!session.edit(QString::fromStdString(row.edit), row.make)) continue;  // not any more
      texts.push_back(bytesOf(session));
      if (session.modified()) QCOMPARE(journalOf(session), texts.back());
    }
    QVERIFY(texts.size() > 40);
    for (int i = 0; i < 60; ++i) {
      const size_t entry = random() % texts.size();
      session.goTo(entry);
      QCOMPARE(bytesOf(session), texts[entry]);
      QCOMPARE(journalOf(session), session.modified() ? texts[entry] : std::string());
    }
  }

  void fromOneSessionToAnother() {
    Session one(testing::withoutWorker(folder_->filePath(QStringLiteral("one"))));
    Session other(testing::withoutWorker(folder_->filePath(QStringLiteral("other"))));
    one.openDocument(document_, {}, QStringLiteral("Example"));
    Ids all;
    for (const NodePtr& node : document_.graph.nodes) all.insert(node->id);
    const std::string text = copyText(one.document(), "", all);
    const std::string meaning = meaningOf(parseGraph(text));  // where it is pasted is another place
    const auto pasteInto = [&](Session& session, const std::string& what) {
      return session.editAndSelect(QStringLiteral("Paste"), [&](const Document& document) {
        return paste(document, "", catalog_, what, {0, 0}, "");
      });
    };
    const std::string empty = bytesOf(other);
    QVERIFY(pasteInto(other, text));
    QCOMPARE(other.selection().nodes, all);
    QCOMPARE(meaningOf(parseGraph(copyText(other.document(), "", all))), meaning);
    other.undoOnce();
    QCOMPARE(bytesOf(other), empty);
    // Through a text editor: with a mark of the byte order, other line ends, blank lines around it.
    QString edited = QString::fromStdString(text);
    edited.replace(QLatin1Char('\n'), QStringLiteral("\r\n"));
    QVERIFY(pasteInto(other, (QStringLiteral("\r\n\r\n") + edited + QStringLiteral("\r\n\t")).toStdString()));
    QCOMPARE(meaningOf(parseGraph(copyText(other.document(), "", all))), meaning);
    other.undoOnce();
    QVERIFY(pasteInto(other, "\xef\xbb\xbf" + text));
    QCOMPARE(meaningOf(parseGraph(copyText(other.document(), "", all))), meaning);
    // What is on the clipboard is text: it outlives the session that it came from.
    QVERIFY(pasteInto(one, text));
    QCOMPARE(one.document().graph.nodes.size(), 2 * document_.graph.nodes.size());
  }

  // A clipboard has anything in it. It becomes nodes or a sentence, and the document stays as it was.
  void hostileText_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("prose") << QByteArray("Dear all, \"type\" of thing: {");
    QTest::newRow("zeros") << QByteArray(1000, '\0');
    QTest::newRow("no UTF-8") << QByteArray(
        "{\"noiseloom\": 1, \"nodes\": {\"a\": {\"type\": \"\xff\xfe\"}}}");
    QTest::newRow("half a character") << QByteArray(R"({"noiseloom": 1, "title": "\ud800"})");
    QTest::newRow("deep lists") << QByteArray(1'000'000, '[');
    QTest::newRow("deep objects") << QByteArray("{\"type\":").repeated(200'000);
    QTest::newRow("deep parameter") << "{\"a\": {\"type\": \"b\", \"params\": {\"p\": " +
                                           QByteArray(100'000, '[') + QByteArray(100'000, ']') + "}}}";
    QTest::newRow("huge number") << QByteArray(R"({"noiseloom": 1e999, "nodes": {}})");
    QTest::newRow("huge version") << QByteArray(
        R"({"noiseloom":1,"nodes":{"a":{"type":"denoise","version":99999999999999999999}}})");
    QTest::newRow("links of the wrong type")
        << QByteArray(R"({"noiseloom":1,"nodes":{"a":{"type":"denoise","inputs":{"x_t":{"a":[1]}}}}})");
    QTest::newRow("zone of the wrong type") << QByteArray(
        R"({"noiseloom":1,"nodes":{"a":{"type":"zone","count":"many","state":[1,2],"nodes":7}}})");
    QTest::newRow("groups in a circle") << QByteArray(
        R"({"noiseloom":1,"nodes":{"n":{"type":"group:a"}},"groups":{"a":{"nodes":{"n":{"type":"group:b"}}},)"
        R"("b":{"nodes":{"n":{"type":"group:a"}}}}})");
    QTest::newRow("layout of the wrong type") << QByteArray(
        R"({"noiseloom":1,"nodes":{"a":{"type":"denoise"}},"layout":{"nodes":[1],"frames":7,"notes":{"n":"x"},)"
        R"("groups":[[]],"reroutes":{"x":1}}})");
    QTest::newRow("places beyond all bounds") << QByteArray(
        R"({"noiseloom":1,"nodes":{"a":{"type":"denoise"}},"layout":{"nodes":{"a":{"at":[1e300,-1e300]}}}})");
    QByteArray many = "{\"noiseloom\":1,\"nodes\":{";
    for (int i = 0; i < 210'000; ++i)
      many += (i ? ",\"n" : "\"n") + QByteArray::number(i) + "\":{\"type\":\"a\"}";
    QTest::newRow("more nodes than there may be") << many + "}}";
    QTest::newRow("twice the same name")
        << QByteArray(R"({"noiseloom":1,"nodes":{"a":{"type":"denoise"},"a":{"type":"unet"}}})");
  }

  void hostileText() {
    QFETCH(QByteArray, text);
    Session session(testing::withoutWorker(folder_->filePath(QStringLiteral("hostile"))));
    session.openDocument(document_, {}, QStringLiteral("Example"));
    pasteAnything(session, text.toStdString());
  }

  // A text of ours with some bytes changed: what one gets who edits it by hand.
  void damagedText() {
    std::mt19937 random(9);
    Session session(testing::withoutWorker(folder_->filePath(QStringLiteral("damaged"))));
    session.openDocument(document_, {}, QStringLiteral("Example"));
    const std::string whole = writeGraph(document_);
    const std::string bytes = "{}[]\",:0-.\\x\n\xc3n1";
    int taken = 0;
    for (int i = 0; i < 400; ++i) {
      std::string text = whole;
      for (unsigned changes = 1 + random() % 3; changes > 0; --changes) {
        const size_t at = random() % text.size();
        if (const auto how = random() % 3; how == 0)
          text.erase(at, 1 + random() % 40);
        else if (how == 1)
          text[at] = bytes[random() % bytes.size()];
        else
          text.insert(at, text.substr(random() % text.size(), random() % 60));
      }
      taken += pasteAnything(session, text);
    }
    QVERIFY(taken > 5);
    QVERIFY(taken < 400);
  }

 private:
  bool pasteAnything(Session& session, const std::string& text) {
    const std::string before = bytesOf(session);
    QSignalSpy noticed(&session, &Session::noticed);
    const bool taken = session.editAndSelect(QStringLiteral("Paste"), [&](const Document& document) {
      return paste(document, "", catalog_, text, {0, 0}, "");
    });
    const auto same = [&](const std::string& is, const std::string& should) {
      if (is != should)
        QTest::qFail(("the document is another: " + text.substr(0, 2000)).c_str(), __FILE__, __LINE__);
    };
    if (taken) {
      const std::string after = bytesOf(session);
      same(writeGraph(parseGraph(after)), after);
      session.undoOnce();
    } else if (noticed.count() != 1 || noticed.first().first().toString().isEmpty()) {
      QTest::qFail("nothing is said of why not", __FILE__, __LINE__);
    }
    same(bytesOf(session), before);
    return taken;
  }

  /// What another editor would be offered if this one were killed now; empty: nothing.
  static std::string journalOf(Session& session) {
    // In the folder that the settings are in, there is no other editor.
    const QDir folder(QFileInfo(session.settings().fileName()).path() + QStringLiteral("/journals"));
    const QStringList names = folder.entryList({QStringLiteral("*.journal")}, QDir::Files);
    return names.size() == 1 ? Journal::textOf(folder.filePath(names.first())) : std::string();
  }

  std::vector<Row> rows() const {
    std::vector<Row> all;
    const auto add = [&](const char* edit, Make make) { all.push_back({edit, std::move(make)}); };
    using D = const Document&;
    add("addNode", [this](D d) { return addNode(d, "", catalog_, "denoise", {1, 2}, "sampling").document; });
    add("addNode", [this](D d) { return addNode(d, "guess", catalog_, "zone", {1, 2}, "").document; });
    add("addNodeFrom", [this](D d) {
      return addNodeFrom(d, "", catalog_, "denoise", {1, 2}, "", {"unet", "denoiser"}).document;
    });
    add("addNodeTo", [this](D d) {
      return addNodeTo(d, "", catalog_, "image.load", {1, 2}, "", {"save", "image"}).document;
    });
    add("removeNodes", [this](D d) { return removeNodes(d, "", catalog_, {"start", "picture"}); });
    add("removeNodes", [this](D d) { return removeNodes(d, "", catalog_, {"sampling"}, true); });
    add("duplicate", [this](D d) {
      return duplicate(d, "", catalog_, {"sampling", "guess"}, {30, 30}, true).document;
    });
    add("rename", [this](D d) { return rename(d, "", "sampling", "loop"); });
    add("setTitle", [this](D d) { return setTitle(d, "", "step", "Ein Schritt \"✓\""); });
    add("setMode", [this](D d) { return setMode(d, "", {"step", "save"}, NodeMode::bypassed); });
    add("moveToZone", [this](D d) { return moveToZone(d, "", catalog_, {"schedule"}, "sampling"); });
    add("moveToZone", [this](D d) { return moveToZone(d, "", catalog_, {"step"}, ""); });
    add("insertOnWire", [this](D d) {
      return insertOnWire(d, "", catalog_, "clip", {{"sampling", "x"}, {"picture", "latent"}, 0});
    });
    add("connect", [this](D d) {
      return editor::connect(d, "", catalog_, {"sampling", "index"}, {"noise", "skip"});
    });
    add("connect", [this](D d) {
      return editor::connect(d, "", catalog_, {"start", "noise"}, {"sampling", "init."});
    });
    add("disconnect", [this](D d) {
      return editor::disconnect(d, "", {{{"step", "x_prev"}, {"sampling", "next.x"}, 0}});
    });
    add("setParam", [this](D d) { return setParam(d, "", catalog_, "timesteps", "steps", 77); });
    add("setParam", [this](D d) { return setParam(d, "guess", catalog_, "predict", "kind", nullptr); });
    add("lockSeed", [](D d) { return lockSeed(d, "", "start", "seed", Lock::off); });
    add("rollSeeds", [this](D d) {
      return rollSeeds(lockSeed(d, "", "start", "seed", Lock::off), catalog_, [] { return uint64_t{77}; });
    });
    add("addState", [this](D d) { return addState(d, "", "sampling", "y"); });
    add("renameZonePort", [this](D d) { return renameZonePort(d, "", "sampling", "init.x", "latent"); });
    add("renameZonePort", [this](D d) { return renameZonePort(d, "", "sampling", "over.t", ""); });
    add("setCollectEvery", [this](D d) { return setCollectEvery(d, "", "sampling", "x0", 5); });
    add("makeGroup", [this](D d) {
      return makeGroup(d, "", catalog_, {"step", "noise"}, "stepping").document;
    });
    add("expandGroup", [this](D d) { return expandGroup(d, "", catalog_, groupNode(d)).document; });
    add("wrapInZone", [this](D d) { return wrapInZone(d, "", catalog_, {"clip"}).document; });
    add("expose", [this](D d) { return expose(d, "", catalog_, {"save", "scale"}, "scale"); });
    add("exposeOutput", [this](D d) { return exposeOutput(d, "", {"sampling", "x0"}, "guesses"); });
    add("unexpose", [this](D d) { return unexpose(d, "", "seed"); });
    add("paste", [this](D d) {
      return paste(d, "", catalog_, copyText(d, "", {"sampling", "start"}), {900, 9}, "").document;
    });
    add("align", [this](D d) { return align(d, "", {"weights", "save", "start"}, Align::left, {}); });
    add("align", [this](D d) { return align(d, "", {"weights", "save", "start"}, Align::spreadDown, {}); });
    add("moveBy", [this](D d) { return moveBy(d, "", {"sampling", "save"}, {17, -4}); });
    add("withLayout", [this](D d) {
      Layout layout = *layoutOf(d, "");
      layout.frames["frame"] = {{1, 2, 300, 400}, "Title", "#123456"};
      layout.notes["note"] = {{5, 6, 70, 80}, "Several\nlines", ""};
      layout.bookmarks["1"] = {{3, 4}, 2, "Here"};
      layout.reroutes["sampling.x>picture.latent"] = {{1, 2}, {3, 4}};
      layout.watched = {"sampling.x"};
      return withLayout(d, "", layout);
    });
    return all;
  }

  static std::string groupNode(const Document& document) {
    std::string found;
    const std::function<void(const std::vector<NodePtr>&)> look = [&](const std::vector<NodePtr>& nodes) {
      for (const NodePtr& node : nodes) {
        if (node->type == "group:guess") found = node->id;
        if (node->zone) look(node->zone->nodes);
      }
    };
    look(document.graph.nodes);
    if (found.empty()) throw Error("There is no node of this group any more.");
    return found;
  }

  std::unique_ptr<QTemporaryDir> folder_;
  Catalog catalog_;
  Document document_;
  std::vector<Row> rows_;
};

QTEST_GUILESS_MAIN(EveryEditTest)
#include "every_edit_test.moc"
