// The picture of all pictures: every job's in its place.
#include <ATen/ATen.h>

#include <QtTest>

#include "app/batch/grid.h"
#include "nodes/images/image_file.h"
#include "tests/engine/files/scratch.h"

using namespace loom;

class GridTest : public QObject {
  Q_OBJECT

  static JobList list(const std::vector<std::string>& sweeps) {
    std::vector<Sweep> parsed;
    for (const std::string& text : sweeps) parsed.push_back(parseSweep(text));
    return JobList(std::nullopt, std::move(parsed), "g.loom");
  }
  // Of one colour a job: red tells which.
  static uint8_t redOf(size_t job) { return static_cast<uint8_t>(20 + 10 * job); }
  static std::filesystem::path picture(const test::Scratch& scratch, size_t job, int64_t side) {
    const auto file = scratch.path("job" + std::to_string(job) + ".png");
    at::Tensor pixels = at::zeros({3, side, side}, at::kByte);
    pixels[0].fill_(redOf(job));
    pixels[2].fill_(255);
    writePng(file, pixels);
    return file;
  }
  struct Box {
    int64_t top = -1, left = -1, height = 0, width = 0;
  };
  static Box boxOf(const at::Tensor& grid, size_t job) {
    const at::Tensor mask = (grid[0] == redOf(job)).logical_and(grid[1] == 0).logical_and(grid[2] == 255);
    const at::Tensor at = mask.nonzero();
    if (at.size(0) == 0) return {};
    const at::Tensor low = std::get<0>(at.min(0)), high = std::get<0>(at.max(0));
    return {low[0].item<int64_t>(), low[1].item<int64_t>(), (high - low)[0].item<int64_t>() + 1,
            (high - low)[1].item<int64_t>() + 1};
  }

 private Q_SLOTS:
  void table() {
    const test::Scratch scratch;
    const JobList jobs = list({"seed=0..2", "eta=0,1"});
    const auto file = scratch.path("grid.png");
    QVERIFY(writeGrid(file, jobs, [&](size_t job) { return GridPicture{picture(scratch, job, 32), ""}; }));
    const at::Tensor grid = readPicture(file);
    for (size_t job = 0; job < 6; ++job) {
      const Box box = boxOf(grid, job), first = boxOf(grid, 0);
      QCOMPARE(box.height, int64_t{96});
      QCOMPARE(box.width, int64_t{96});
      QCOMPARE((box.left - first.left) / 96, static_cast<int64_t>(job % 2));  // the last sweep goes across
      QCOMPARE((box.top - first.top) / 96, static_cast<int64_t>(job / 2));
    }
  }

  // One setting: as near to a square as it goes. Three: rows of combined values.
  void otherShapes_data() {
    QTest::addColumn<QStringList>("sweeps");
    QTest::addColumn<int>("columns");
    QTest::newRow("one") << QStringList{"seed=0..6"} << 3;
    QTest::newRow("three") << QStringList{"a=1,2", "b=1,2", "c=1,2,3"} << 3;
  }
  void otherShapes() {
    QFETCH(QStringList, sweeps);
    QFETCH(int, columns);
    std::vector<std::string> texts;
    for (const QString& sweep : sweeps) texts.push_back(sweep.toStdString());
    const test::Scratch scratch;
    const JobList jobs = list(texts);
    QVERIFY(writeGrid(scratch.path("grid.png"), jobs, [&](size_t job) {
      return GridPicture{picture(scratch, job, 32), ""};
    }));
    const at::Tensor grid = readPicture(scratch.path("grid.png"));
    for (size_t job = 0; job < jobs.size(); ++job) {
      const Box box = boxOf(grid, job), first = boxOf(grid, 0);
      QCOMPARE((box.left - first.left) / 96, static_cast<int64_t>(job) % columns);
      QCOMPARE((box.top - first.top) / 96, static_cast<int64_t>(job) / columns);
    }
  }

  // A failed job's cell says so; a picture that can't be read stops nothing.
  void holes() {
    const test::Scratch scratch;
    const JobList jobs = list({"seed=0..3"});
    scratch.put("broken.png", "not a picture");
    QVERIFY(writeGrid(scratch.path("grid.png"), jobs, [&](size_t job) {
      if (job == 1) return GridPicture{{}, "failed"};
      if (job == 2) return GridPicture{scratch.path("broken.png"), ""};
      return GridPicture{picture(scratch, job, 32), ""};
    }));
    const at::Tensor grid = readPicture(scratch.path("grid.png"));
    QVERIFY(boxOf(grid, 0).top >= 0 && boxOf(grid, 3).top >= 0);
    QCOMPARE(boxOf(grid, 1).top, int64_t{-1});
    QVERIFY(!writeGrid(scratch.path("none.png"), jobs, [](size_t) { return GridPicture{{}, "failed"}; }));
    QVERIFY(!std::filesystem::exists(scratch.path("none.png")));
  }

  void bounded() {
    const test::Scratch scratch;
    const JobList jobs = list({"seed=0..9", "eta=0..9"});
    const auto one = picture(scratch, 0, 600);
    QVERIFY(writeGrid(scratch.path("grid.png"), jobs, [&](size_t) { return GridPicture{one, ""}; }));
    const at::Tensor grid = readPicture(scratch.path("grid.png"));
    QVERIFY(grid.size(1) <= kMostGridSide && grid.size(2) <= kMostGridSide);
    QVERIFY(grid.size(2) > kMostGridSide / 2);
  }
};

QTEST_GUILESS_MAIN(GridTest)
#include "grid_test.moc"
