#pragma once
// A person at an X display: sees the windows of a program, presses keys and buttons. What is pressed goes
// through the X server (its XTEST extension), as if a keyboard and a mouse had sent it.
#include <xcb/xcb.h>
#include <xcb/xcbext.h>

#include <QString>
#include <QTest>
#include <cstring>
#include <memory>
#include <vector>

namespace loom::editor {

class XUser {
 public:
  XUser() : connection_(xcb_connect(nullptr, nullptr)) {
    if (xcb_connection_has_error(connection_)) qFatal("there is no X display");
    root_ = xcb_setup_roots_iterator(xcb_get_setup(connection_)).data->root;
    const xcb_query_extension_reply_t* test = xcb_get_extension_data(connection_, &xtest());
    if (!test || !test->present) qFatal("this X server has no XTEST");
    readKeyboard();
  }
  ~XUser() { xcb_disconnect(connection_); }
  XUser(const XUser&) = delete;
  XUser& operator=(const XUser&) = delete;

  struct Window {
    xcb_window_t id = 0;
    QString title;
    QRect rect;
  };
  /// Of a program, those that are shown; the topmost last.
  std::vector<Window> windowsOf(qint64 program) {
    std::vector<Window> found;
    const auto tree = reply(xcb_query_tree_reply(connection_, xcb_query_tree(connection_, root_), nullptr));
    if (!tree) return found;
    const xcb_window_t* children = xcb_query_tree_children(tree.get());
    for (int i = 0; i < xcb_query_tree_children_length(tree.get()); ++i) {
      const auto about = reply(xcb_get_window_attributes_reply(
          connection_, xcb_get_window_attributes(connection_, children[i]), nullptr));
      const auto rect =
          reply(xcb_get_geometry_reply(connection_, xcb_get_geometry(connection_, children[i]), nullptr));
      if (!about || !rect || about->map_state != XCB_MAP_STATE_VIEWABLE) continue;
      const QByteArray owner = property(children[i], "_NET_WM_PID");
      uint32_t pid = 0;
      if (owner.size() >= 4) std::memcpy(&pid, owner.constData(), 4);
      if (pid == program)
        found.push_back({children[i],
                         QString::fromUtf8(property(children[i], "_NET_WM_NAME")),
                         {rect->x, rect->y, rect->width, rect->height}});
    }
    return found;
  }

  /// There is no window manager to do it.
  void giveKeyboard(const Window& window) {
    xcb_set_input_focus(connection_, XCB_INPUT_FOCUS_PARENT, window.id, XCB_CURRENT_TIME);
    sync();
  }
  void raise(const Window& window) {
    const uint32_t above = XCB_STACK_MODE_ABOVE;
    xcb_configure_window(connection_, window.id, XCB_CONFIG_WINDOW_STACK_MODE, &above);
    sync();
  }

  /// By its name in ASCII, or of X: 0xFF0D is Return.
  void key(uint32_t symbol, std::initializer_list<uint32_t> held = {}) {
    const Key* found = keyOf(symbol);
    if (!found) qFatal("the keyboard has no key %x", symbol);
    std::vector<uint8_t> codes;
    for (const uint32_t each : held) codes.push_back(keyOf(each)->code);
    if (found->shifted) codes.push_back(keyOf(kShift)->code);
    codes.push_back(found->code);
    for (const uint8_t code : codes) fake(XCB_KEY_PRESS, code);
    for (auto code = codes.rbegin(); code != codes.rend(); ++code) fake(XCB_KEY_RELEASE, *code);
    sync();
  }
  void type(const QString& text) {
    for (const QChar each : text) key(each.unicode());
  }
  void click(QPoint at) {
    fake(XCB_MOTION_NOTIFY, 0, at);
    fake(XCB_BUTTON_PRESS, 1);
    fake(XCB_BUTTON_RELEASE, 1);
    sync();
  }

  static constexpr uint32_t kShift = 0xFFE1, kControl = 0xFFE3, kReturn = 0xFF0D, kEscape = 0xFF1B,
                            kTab = 0xFF09;

 private:
  struct Key {
    uint32_t symbol;
    uint8_t code;
    bool shifted;
  };
  template <typename Reply>
  static std::unique_ptr<Reply, decltype(&std::free)> reply(Reply* given) {
    return {given, &std::free};
  }
  static xcb_extension_t& xtest() {
    static xcb_extension_t extension{"XTEST", 0};
    return extension;
  }

  // XTestFakeInput, as the protocol has it.
  void fake(uint8_t type, uint8_t detail, QPoint at = {}) {
    struct {
      uint8_t major = 0, minor = 2;
      uint16_t length = 9;
      uint8_t type, detail;
      uint16_t pad = 0;
      uint32_t time = 0, root = 0, pads[2] = {};
      int16_t x, y;
      uint8_t more[7] = {}, device = 0;
    } request{.type = type, .detail = detail, .x = int16_t(at.x()), .y = int16_t(at.y())};
    static_assert(sizeof request == 36);
    if (type == XCB_MOTION_NOTIFY) request.root = root_;
    const xcb_protocol_request_t about{.count = 2, .ext = &xtest(), .opcode = 2, .isvoid = 1};
    iovec parts[4] = {};
    parts[2] = {&request, sizeof request};
    parts[3] = {nullptr, 0};
    xcb_send_request(connection_, 0, parts + 2, &about);
  }
  void sync() {
    xcb_flush(connection_);
    reply(xcb_get_input_focus_reply(connection_, xcb_get_input_focus(connection_), nullptr));
    while (xcb_generic_event_t* event = xcb_poll_for_event(connection_)) std::free(event);
  }

  QByteArray property(xcb_window_t window, const char* name) {
    const auto atom = reply(xcb_intern_atom_reply(
        connection_, xcb_intern_atom(connection_, 0, static_cast<uint16_t>(std::strlen(name)), name),
        nullptr));
    if (!atom) return {};
    const auto value = reply(xcb_get_property_reply(
        connection_, xcb_get_property(connection_, 0, window, atom->atom, XCB_ATOM_ANY, 0, 1024), nullptr));
    if (!value) return {};
    return {static_cast<const char*>(xcb_get_property_value(value.get())),
            xcb_get_property_value_length(value.get())};
  }

  void readKeyboard() {
    const xcb_setup_t* setup = xcb_get_setup(connection_);
    const int first = setup->min_keycode, count = setup->max_keycode - first + 1;
    const auto map = reply(xcb_get_keyboard_mapping_reply(
        connection_,
        xcb_get_keyboard_mapping(connection_, static_cast<uint8_t>(first), static_cast<uint8_t>(count)),
        nullptr));
    const xcb_keysym_t* symbols = xcb_get_keyboard_mapping_keysyms(map.get());
    for (int code = 0; code < count; ++code)
      for (int column = 0; column < std::min<int>(2, map->keysyms_per_keycode); ++column)
        keys_.push_back({symbols[code * map->keysyms_per_keycode + column],
                         static_cast<uint8_t>(first + code), column == 1});
  }
  const Key* keyOf(uint32_t symbol) const {
    for (const bool shifted : {false, true})
      for (const Key& each : keys_)
        if (each.symbol == symbol && each.shifted == shifted) return &each;
    return nullptr;
  }

  xcb_connection_t* connection_;
  xcb_window_t root_ = 0;
  std::vector<Key> keys_;
};

}  // namespace loom::editor
