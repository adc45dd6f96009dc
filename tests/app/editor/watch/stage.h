#pragma once
// The timeline and the viewer in a window, with a session and a worker, and hands to use them: for tests.
// LOOM_KEEP_PICTURES=FOLDER keeps what they look like, LOOM_RUNNER=PROGRAM tries another runner.
#include <imgui.h>

#include <QTemporaryDir>
#include <QtTest>
#include <cmath>

#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/theme.h"
#include "app/editor/watch/timeline.h"
#include "app/editor/watch/viewer.h"

namespace loom::editor {

// The viewer above, the timeline below.
class Stage : public ImGuiWidget {
 public:
  explicit Stage(Session& session) : timeline(session, *this), viewer(session, *this) {}
  Timeline timeline;
  Viewer viewer;
  float part = 0.36f;  // of the height: the timeline's

 protected:
  void drawFrame() override {
    const auto wide = static_cast<float>(width()), high = static_cast<float>(height());
    const float under = std::floor(high * part);
    viewer.draw({0, 0}, {wide, high - under});
    timeline.draw({0, high - under}, {wide, under});
  }
  void themeColours() override {
    const Theme& theme = Theme::current();
    theme.dark ? ImGui::StyleColorsDark() : ImGui::StyleColorsLight();
    const auto vec = [](const QColor& c, float alpha = 1) {
      return ImVec4(static_cast<float>(c.redF()), static_cast<float>(c.greenF()),
                    static_cast<float>(c.blueF()), alpha);
    };
    ImVec4* colours = ImGui::GetStyle().Colors;
    colours[ImGuiCol_Text] = vec(theme.text);
    colours[ImGuiCol_WindowBg] = colours[ImGuiCol_ChildBg] = vec(theme.window);
    colours[ImGuiCol_PopupBg] = vec(theme.panel);
    colours[ImGuiCol_Button] = colours[ImGuiCol_Header] = vec(theme.raised);
    colours[ImGuiCol_FrameBg] = vec(theme.field);
    ImGui::GetStyle().FrameRounding = 4;
    ImGui::GetStyle().WindowBorderSize = 0;
    ImGui::GetStyle().FramePadding = ImVec2(7, 4);
  }
};

class StageTest : public QObject {
 protected:
  void startSession() {
    const QString runner = qEnvironmentVariable("LOOM_RUNNER", NOISELOOM_RUNNER);
    session_ = std::make_unique<Session>(SessionOptions{runner, folder_.filePath("data")});
    session_->worker().start();
    QTRY_VERIFY_WITH_TIMEOUT(!session_->catalog().empty(), 30000);
  }
  void openStage(QSize size) {
    stage_ = std::make_unique<Stage>(*session_);
    stage_->resize(size);
    stage_->show();
    QVERIFY(QTest::qWaitForWindowExposed(stage_.get()));
    connect(session_.get(), &Session::redraw, stage_.get(), &ImGuiWidget::redraw);
  }
  // Until what was done is drawn, and nothing more moves.
  void settle(int least = 40) {
    QTest::qWait(least);
    for (int i = 0; i < 40; ++i) {
      const int64_t before = stage_->framesPainted();
      QTest::qWait(35);
      if (stage_->framesPainted() == before) return;
    }
  }
  QPoint point(ImVec2 at) {
    return {static_cast<int>(std::lround(at.x)), static_cast<int>(std::lround(at.y))};
  }
  void click(ImVec2 at) {
    QTest::mouseMove(stage_.get(), point(at));
    settle();
    QTest::mousePress(stage_.get(), Qt::LeftButton, {}, point(at));
    settle();
    QTest::mouseRelease(stage_.get(), Qt::LeftButton, {}, point(at));
    settle();
  }
  void drag(ImVec2 from, ImVec2 to) {
    QTest::mouseMove(stage_.get(), point(from));
    settle();
    QTest::mousePress(stage_.get(), Qt::LeftButton, {}, point(from));
    settle();
    for (const float part : {0.3f, 0.7f, 1.f}) {
      const QPointF at = point({from.x + (to.x - from.x) * part, from.y + (to.y - from.y) * part});
      QMouseEvent move(QEvent::MouseMove, at, stage_->mapToGlobal(at), Qt::NoButton, Qt::LeftButton, {});
      QCoreApplication::sendEvent(stage_.get(), &move);
      settle(40);
    }
    QTest::mouseRelease(stage_.get(), Qt::LeftButton, {}, point(to));
    settle();
  }
  void wheel(ImVec2 at, int notches, Qt::KeyboardModifiers with = {}) {
    QTest::mouseMove(stage_.get(), point(at));
    settle();
    const QPointF where = point(at);
    QWheelEvent event(where, stage_->mapToGlobal(where), {}, {0, notches * 120}, Qt::NoButton, with,
                      Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(stage_.get(), &event);
    settle();
  }
  void key(Qt::Key which, Qt::KeyboardModifiers with = {}) {
    QTest::keyClick(stage_.get(), which, with);
    settle();
  }
  void keep(const char* name) {
    const QString folder = qEnvironmentVariable("LOOM_KEEP_PICTURES");
    if (!folder.isEmpty()) stage_->grabFramebuffer().save(folder + "/" + name + ".png");
  }
  ValuesPtr values(const QString& run, const std::string& port, const Iteration& iteration) {
    ValuesPtr found;
    [&] { QTRY_VERIFY_WITH_TIMEOUT((found = session_->frames().values(run, port, iteration)), 10000); }();
    return found;
  }
  /// A table that was written: numbers by the name of their column; no number where a field is empty.
  static std::map<QString, std::vector<double>> table(const QString& file) {
    std::map<QString, std::vector<double>> columns;
    QFile read(file);
    if (!read.open(QIODevice::ReadOnly)) return columns;
    const QStringList lines = QString::fromUtf8(read.readAll()).trimmed().split('\n');
    const QStringList names = lines.front().split(',');
    for (const QString& line : lines.mid(1)) {
      const QStringList fields = line.split(',');
      for (qsizetype i = 0; i < names.size(); ++i)
        columns[names[i]].push_back(i < fields.size() && !fields[i].isEmpty() ? fields[i].toDouble() : NAN);
    }
    return columns;
  }
  /// What the timeline plots, as a table.
  std::map<QString, std::vector<double>> plotted() {
    const QString file = folder_.filePath("plotted.csv");
    return stage_->timeline.savePlots(file) ? table(file) : std::map<QString, std::vector<double>>{};
  }

  QTemporaryDir folder_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Stage> stage_;
};

/// The same over the shipped sampler, of few steps and two samples.
class SamplingTest : public StageTest {
 protected:
  static constexpr int kSteps = 12;
  inline static const std::string kXt = "sampling.x", kX0 = "predict.x0";

  void openSampling() {
    startSession();
    QVERIFY(session_->open(NOISELOOM_SOURCE_DIR "/graphs/ddpm.loom"));
    session_->edit("Few steps",
                   [](const Document& d) { return withValue(withValue(d, "steps", kSteps), "batch", 2); });
  }
  ImVec2 at(int64_t step, const std::string& port = kXt) {
    const auto found = stage_->timeline.placeOnScreen(port, {step});
    return found ? *found : ImVec2(-1, -1);
  }
  void waitFor(const QString& run) {
    QTRY_VERIFY_WITH_TIMEOUT(session_->runs().find(run) && session_->runs().find(run)->over(), 60000);
    QCOMPARE(session_->runs().find(run)->state, RunInfo::State::finished);
    for (const std::string& port : {kXt, kX0})
      QTRY_COMPARE_WITH_TIMEOUT(session_->frames().iterations(run, port).size(), size_t{kSteps}, 20000);
  }
};

}  // namespace loom::editor
