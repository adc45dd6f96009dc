#pragma once
// Drives a whole editor window as a person does: mouse, keys, and looking at what came of it.
#include <QApplication>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QLineEdit>
#include <QPushButton>
#include <QTest>
#include <set>

#include "app/editor/shell/main_window.h"

namespace loom::editor {

class Driver {
 public:
  explicit Driver(const QString& data) : window({.runner = NOISELOOM_RUNNER, .dataFolder = data}) {
    window.resize(1280, 800);
    window.show();
    QApplication::setActiveWindow(&window);  // there is no window manager to do it
  }

  MainWindow window;
  Session& session() { return window.session(); }
  Canvas& canvas() { return window.central().canvas(); }
  CentralWidget& central() { return window.central(); }

  bool waitFor(const std::function<bool()>& done, int milliseconds = 60'000) {
    return QTest::qWaitFor(done, milliseconds);
  }
  /// Until the frame in which the last event is seen is painted; what moves by itself is not waited for.
  void settle() {
    QTest::qWait(60);
    int64_t painted = -1;
    for (int round = 0; round < 50 && painted != central().framesPainted(); ++round) {
      painted = central().framesPainted();
      QTest::qWait(60);
    }
  }

  bool ready() {
    return waitFor([&] { return !session().catalog().empty() && session().checked().current; });
  }

  /// Middle of a node, a socket or a field.
  QPoint at(const std::string& node, const std::string& slot = {}) {
    const auto rect = canvas().rectOf(node, slot);
    if (!rect) qFatal("%s %s is not drawn", node.c_str(), slot.c_str());
    return {static_cast<int>(rect->x + rect->width / 2), static_cast<int>(rect->y + rect->height / 2)};
  }
  QPoint header(const std::string& node) {
    const auto rect = canvas().rectOf(node);
    if (!rect) qFatal("%s is not drawn", node.c_str());
    return {static_cast<int>(rect->x + rect->width / 3), static_cast<int>(rect->y + 10 * canvas().zoom())};
  }

  void click(QPoint at, Qt::KeyboardModifiers held = {}) {
    QTest::mouseMove(&central(), at);
    settle();
    QTest::mouseClick(&central(), Qt::LeftButton, held, at);
    settle();
  }
  void doubleClick(QPoint at) {
    QTest::mouseMove(&central(), at);
    settle();
    for (int i = 0; i < 2; ++i) {
      QTest::mousePress(&central(), Qt::LeftButton, {}, at);
      QTest::qWait(30);
      QTest::mouseRelease(&central(), Qt::LeftButton, {}, at);
      QTest::qWait(30);
    }
    settle();
  }
  void drag(QPoint from, QPoint to, Qt::KeyboardModifiers held = {}) {
    QTest::mouseMove(&central(), from);
    settle();
    QTest::mousePress(&central(), Qt::LeftButton, held, from);
    settle();
    for (int i = 1; i <= 8; ++i) {
      QTest::mouseMove(&central(), from + (to - from) * i / 8);
      QTest::qWait(20);
    }
    settle();
    QTest::mouseRelease(&central(), Qt::LeftButton, held, to);
    settle();
  }
  void key(Qt::Key key, Qt::KeyboardModifiers held = {}) {
    QTest::keyClick(&central(), key, held);
    settle();
  }
  void type(const QString& text) {
    for (const QChar each : text) {
      QTest::keyClick(&central(), each.toLatin1());
      QTest::qWait(30);
    }
    settle();
  }
  /// Replaces what a field on a node says.
  void enter(const std::string& node, const std::string& port, const QString& text) {
    canvas().zoomTo(1);
    canvas().centreOn(node);
    settle();
    doubleClick(at(node, port));
    key(Qt::Key_A, Qt::ControlModifier);
    type(text);
    key(Qt::Key_Return);
  }

  /// Opens a choice's list and goes down it from the first entry to the one wanted.
  void choose(const std::string& node, const std::string& port, int from, int to) {
    canvas().zoomTo(1);
    canvas().centreOn(node);
    settle();
    doubleClick(at(node, port));
    for (int i = from; i != to; i += to > from ? 1 : -1) key(to > from ? Qt::Key_Down : Qt::Key_Up);
    key(Qt::Key_Return);
  }
  /// A command by some letters of its name.
  void command(const QString& letters) {
    key(Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
    auto* field = window.findChild<QLineEdit*>("paletteField");
    if (!field || !field->isVisible()) qFatal("the palette did not open");
    QTest::keyClicks(field, letters);
    QTest::keyClick(field, Qt::Key_Return);
    settle();
  }
  /// A click on the picture of a step.
  bool clickStep(const std::string& port, const Iteration& iteration) {
    std::optional<ImVec2> place;
    if (!waitFor([&] {
          central().redraw();
          return (place = central().timeline().placeOnScreen(port, iteration)).has_value();
        }))
      return false;
    click({static_cast<int>(place->x), static_cast<int>(place->y)});
    return true;
  }

  /// Adds a node by the search at a place of the canvas.
  std::string add(QPoint where, const QString& search) {
    const auto before = ids();
    click(where);
    key(Qt::Key_Tab);
    type(search);
    key(Qt::Key_Return);
    return newest(before);
  }

  std::set<std::string> ids() {
    std::set<std::string> result;
    for (const NodePtr& node : session().document().graph.nodes) result.insert(node->id);
    return result;
  }
  std::string newest(const std::set<std::string>& before) {
    for (const std::string& id : ids())
      if (!before.count(id)) return id;
    return {};
  }

  nlohmann::json param(const std::string& node, const std::string& port) {
    const Node* found = findNode(session().document().graph, node);
    if (!found || !found->params.count(port)) return nullptr;
    return found->params.at(port);
  }
  std::string input(const std::string& node, const std::string& slot) {
    const auto links = linksInto(session().document().graph, {node, slot});
    return links.empty() ? std::string() : links.front().text();
  }

  /// How many colours a part of the canvas shows: a picture has hundreds.
  int coloursIn(const std::string& node) {
    const auto rect = canvas().rectOf(node);
    if (!rect) return 0;
    settle();
    const QImage image = central().grabFramebuffer();
    const double ratio = image.width() / double(central().width());
    std::set<QRgb> colours;
    for (int y = int(rect->y * ratio); y < int((rect->y + rect->height) * ratio); ++y)
      for (int x = int(rect->x * ratio); x < int((rect->x + rect->width) * ratio); ++x)
        if (image.rect().contains(x, y)) colours.insert(image.pixel(x, y));
    return static_cast<int>(colours.size());
  }

  /// Types a file's name into the dialog that is open, and accepts.
  bool chooseFile(const char* dialogName, const QString& file) {
    QFileDialog* dialog = nullptr;
    if (!waitFor([&] { return (dialog = window.findChild<QFileDialog*>(dialogName)) && dialog->isVisible(); },
                 5000))
      return false;
    QTest::qWait(300);  // it lists the folder first
    auto* field = dialog->findChild<QLineEdit*>("fileNameEdit");
    field->setFocus();
    field->selectAll();
    QTest::keyClicks(field, file);
    auto* buttons = dialog->findChild<QDialogButtonBox*>();
    QTest::mouseClick(
        buttons->button(dialog->acceptMode() == QFileDialog::AcceptSave ? QDialogButtonBox::Save
                                                                        : QDialogButtonBox::Open),
        Qt::LeftButton);
    return waitFor([&] { return !window.findChild<QFileDialog*>(dialogName); }, 5000);
  }

  /// Asks the worker, and waits for what it says.
  nlohmann::json ask(const char* method, nlohmann::json params) {
    nlohmann::json answer;
    bool answered = false;
    session().worker().call(
        method, std::move(params), &window,
        [&](const nlohmann::json& result) {
          answer = result;
          answered = true;
        },
        [&](const WorkerError& error) {
          answer = {{"error", error.message.toStdString()}};
          answered = true;
        });
    waitFor([&] { return answered; });
    return answer;
  }
};

}  // namespace loom::editor
