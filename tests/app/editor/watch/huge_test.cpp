// Tensors of all sizes and kinds in the viewer: what is fetched of them, what is held, what one sees.
#include "tests/app/editor/watch/stage.h"

#include "engine/graph/graph_file.h"

namespace loom::editor {
namespace {

using nlohmann::json;

int64_t residentBytes() {
  QFile file("/proc/self/statm");
  if (!file.open(QIODevice::ReadOnly)) return 0;
  return file.readAll().split(' ').at(1).toLongLong() * 4096;
}

// How long the GUI thread did not come to its events.
class Stalls : public QObject {
 public:
  Stalls() {
    clock_.start();
    startTimer(2, Qt::PreciseTimer);
  }
  int64_t most = 0;

 protected:
  void timerEvent(QTimerEvent*) override { most = std::max<int64_t>(most, clock_.restart()); }
  QElapsedTimer clock_;
};

}  // namespace

class HugeTest : public StageTest {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() {
    startSession();
    openStage(QSize(1100, 780));
  }

  void shapes_data() {
    QTest::addColumn<QString>("shape");
    QTest::addColumn<int>("batch");
    QTest::newRow("64 x 256 x 64 x 64") << "[256, 64, 64]" << 64;
    QTest::newRow("1 x 3 x 4096 x 4096") << "[3, 4096, 4096]" << 1;
    QTest::newRow("1 x 1 x 1 x 100000") << "[1, 1, 100000]" << 1;
    QTest::newRow("100000") << "[100000]" << 1;
  }
  void shapes() {
    QFETCH(QString, shape);
    QFETCH(int, batch);
    const QString other = run(json::parse(shape.toStdString()), batch, 1);
    run(json::parse(shape.toStdString()), batch, 2);
    stage_->viewer.show("noise.noise");
    for (const auto& [name, mode] : {std::pair{"picture", Viewer::Mode::picture},
                                     {"channels", Viewer::Mode::channels},
                                     {"false colour", Viewer::Mode::falseColour}})
      for (const int sample : {0, -1}) {
        stage_->viewer.setSample(sample);
        stage_->viewer.setMode(mode);
        look(QString("%1 sample %2").arg(name).arg(sample));
      }
    session_->compareWith(other);
    stage_->viewer.setSample(0);
    for (const auto compare : {Viewer::Compare::difference, Viewer::Compare::wipe}) {
      stage_->viewer.setCompare(compare);
      look(QString("compare %1").arg(static_cast<int>(compare)));
    }
    stage_->viewer.setCompare(Viewer::Compare::none);
    stage_->viewer.setMode(Viewer::Mode::picture);
    session_->compareWith({});
  }
  // Whatever is on the wire: seen as float32, and told as what it is.
  void kinds_data() {
    QTest::addColumn<QString>("dtype");
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<std::vector<int64_t>>("shape");
    QTest::addColumn<std::vector<float>>("numbers");
    const auto row = [](const char* name, const char* dtype, const auto& raw, std::vector<int64_t> shape,
                        std::vector<float> numbers) {
      const QByteArray bytes(reinterpret_cast<const char*>(raw.data()),
                             static_cast<qsizetype>(raw.size() * sizeof raw[0]));
      QTest::newRow(name) << QString(dtype) << bytes << shape << numbers;
    };
    row("scalar", "F32", std::vector<float>{2.5f}, {}, {2.5f});
    row("one dimension", "F32", std::vector<float>{1, 2, 3, 4, 5}, {5}, {1, 2, 3, 4, 5});
    row("integers", "I64", std::vector<int64_t>{-3, 0, 7, 12}, {2, 2}, {-3, 0, 7, 12});
    row("bool", "BOOL", std::vector<uint8_t>{0, 1, 1, 0}, {1, 1, 2, 2}, {0, 1, 1, 0});
    row("bfloat16", "BF16", std::vector<uint16_t>{0x3f80, 0xc000, 0x7fc0, 0x0000}, {1, 1, 2, 2},
        {1, -2, NAN, 0});
    row("float16", "F16", std::vector<uint16_t>{0x3c00, 0xc000, 0x7c00, 0x0001}, {1, 1, 2, 2},
        {1, -2, INFINITY, 5.9604645e-08f});
    row("empty", "F32", std::vector<float>{}, {0, 3, 8, 8}, {});
  }
  void kinds() {
    QFETCH(QString, dtype);
    QFETCH(QByteArray, bytes);
    QFETCH(std::vector<int64_t>, shape);
    QFETCH(std::vector<float>, numbers);
    const QString path =
        folder_.filePath(QString(QTest::currentDataTag()).replace(' ', '_') + ".safetensors");
    const json header{{"t",
                       {{"dtype", dtype.toStdString()},
                        {"shape", shape},
                        {"data_offsets", {0, static_cast<int64_t>(bytes.size())}}}}};
    std::string text = header.dump();
    while (text.size() % 8) text += ' ';
    const auto length = static_cast<uint64_t>(text.size());
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(reinterpret_cast<const char*>(&length), 8);
    file.write(text.data(), static_cast<qint64>(text.size()));
    file.write(bytes);
    file.close();
    session_->allowFile(path);
    json graph{{"noiseloom", 1}, {"nodes", json::object()}, {"layout", {{"watched", {"load.tensor"}}}}};
    graph["nodes"]["load"] = {{"type", "tensor.load"}, {"params", {{"path", path.toStdString()}}}};
    graph["outputs"] = {{"tensor", {{"from", "load.tensor"}}}};
    stage_->viewer.show("load.tensor");
    const QString run = finished(graph, "load.tensor");
    const ValuesPtr values = this->values(run, "load.tensor", {});
    settle(200);
    keep(qPrintable("kind_" + QString(QTest::currentDataTag()).replace(' ', '_')));
    QCOMPARE(values->shape, shape);
    QCOMPARE(values->data.size(), numbers.size());
    for (size_t i = 0; i < numbers.size(); ++i)
      QVERIFY(std::isnan(numbers[i]) ? std::isnan(values->data[i]) : values->data[i] == numbers[i]);
    QCOMPARE(stage_->viewer.image().isNull(), numbers.empty());
    for (const auto mode : {Viewer::Mode::channels, Viewer::Mode::falseColour, Viewer::Mode::picture}) {
      stage_->viewer.setMode(mode);
      settle(100);
      QCOMPARE(stage_->viewer.image().isNull(), numbers.empty());
    }
  }
  void cleanupTestCase() {
    stage_.reset();
    session_.reset();
  }

 private:
  QString run(const json& shape, int batch, int seed) {
    json graph{{"noiseloom", 1}, {"nodes", json::object()}, {"layout", {{"watched", {"noise.noise"}}}}};
    graph["nodes"]["noise"] = {{"type", "noise.gaussian"},
                               {"params", {{"batch", batch}, {"shape", shape}, {"seed", seed}}}};
    graph["outputs"] = {{"noise", {{"from", "noise.noise"}}}};
    return finished(graph, "noise.noise");
  }
  QString finished(const json& graph, const std::string& port) {
    session_->openDocument(parseGraph(graph.dump()), {}, "Huge");
    const QString run = session_->run();
    [&] {
      QTRY_VERIFY_WITH_TIMEOUT(session_->runs().find(run)->over(), 120000);
      const auto info = session_->runs().find(run);
      QVERIFY2(info->state == RunInfo::State::finished, info->error ? qPrintable(info->error->message) : "");
      QTRY_VERIFY_WITH_TIMEOUT(!session_->frames().iterations(run, port).empty(), 20000);
    }();
    return run;
  }
  void look(const QString& what) {
    Stalls stalls;
    QElapsedTimer clock;
    clock.start();
    bool here = QTest::qWaitFor([&] { return !stage_->viewer.image().isNull(); }, 30000);
    settle(600);
    const QImage image = stage_->viewer.image();
    qInfo("%-22s %6lld ms, stalls %4lld ms, %5lld MB resident, frames %4zu MB, image %d x %d %s",
          qPrintable(what), static_cast<long long>(clock.elapsed()), static_cast<long long>(stalls.most),
          static_cast<long long>(residentBytes() >> 20), session_->frames().bytes() >> 20, image.width(),
          image.height(), here ? "" : "NOT HERE");
    keep(qPrintable(QString("huge_%1_%2").arg(QTest::currentDataTag(), what).replace(' ', '_')));
  }
};

}  // namespace loom::editor

QTEST_MAIN(loom::editor::HugeTest)
#include "huge_test.moc"
