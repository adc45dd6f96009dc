#include "app/editor/gl/keys.h"

#include <QKeyEvent>

namespace loom::editor {

ImGuiKey imguiKey(const QKeyEvent& event) {
  const int key = event.key();
  const bool pad = event.modifiers() & Qt::KeypadModifier;
  if (key >= Qt::Key_A && key <= Qt::Key_Z) return static_cast<ImGuiKey>(ImGuiKey_A + (key - Qt::Key_A));
  if (key >= Qt::Key_0 && key <= Qt::Key_9)
    return static_cast<ImGuiKey>((pad ? ImGuiKey_Keypad0 : ImGuiKey_0) + (key - Qt::Key_0));
  if (key >= Qt::Key_F1 && key <= Qt::Key_F12) return static_cast<ImGuiKey>(ImGuiKey_F1 + (key - Qt::Key_F1));
  switch (key) {
    case Qt::Key_Tab:
    case Qt::Key_Backtab:
      return ImGuiKey_Tab;
    case Qt::Key_Left:
      return ImGuiKey_LeftArrow;
    case Qt::Key_Right:
      return ImGuiKey_RightArrow;
    case Qt::Key_Up:
      return ImGuiKey_UpArrow;
    case Qt::Key_Down:
      return ImGuiKey_DownArrow;
    case Qt::Key_PageUp:
      return ImGuiKey_PageUp;
    case Qt::Key_PageDown:
      return ImGuiKey_PageDown;
    case Qt::Key_Home:
      return ImGuiKey_Home;
    case Qt::Key_End:
      return ImGuiKey_End;
    case Qt::Key_Insert:
      return ImGuiKey_Insert;
    case Qt::Key_Delete:
      return ImGuiKey_Delete;
    case Qt::Key_Backspace:
      return ImGuiKey_Backspace;
    case Qt::Key_Space:
      return ImGuiKey_Space;
    case Qt::Key_Return:
      return ImGuiKey_Enter;
    case Qt::Key_Enter:
      return ImGuiKey_KeypadEnter;
    case Qt::Key_Escape:
      return ImGuiKey_Escape;
    case Qt::Key_Apostrophe:
      return ImGuiKey_Apostrophe;
    case Qt::Key_Comma:
      return ImGuiKey_Comma;
    case Qt::Key_Minus:
      return pad ? ImGuiKey_KeypadSubtract : ImGuiKey_Minus;
    case Qt::Key_Plus:
      return pad ? ImGuiKey_KeypadAdd : ImGuiKey_Equal;
    case Qt::Key_Asterisk:
      return pad ? ImGuiKey_KeypadMultiply : ImGuiKey_8;
    case Qt::Key_Period:
      return pad ? ImGuiKey_KeypadDecimal : ImGuiKey_Period;
    case Qt::Key_Slash:
      return pad ? ImGuiKey_KeypadDivide : ImGuiKey_Slash;
    case Qt::Key_Semicolon:
      return ImGuiKey_Semicolon;
    case Qt::Key_Equal:
      return ImGuiKey_Equal;
    case Qt::Key_BracketLeft:
      return ImGuiKey_LeftBracket;
    case Qt::Key_BracketRight:
      return ImGuiKey_RightBracket;
    case Qt::Key_Backslash:
      return ImGuiKey_Backslash;
    case Qt::Key_QuoteLeft:
      return ImGuiKey_GraveAccent;
    case Qt::Key_Control:
      return ImGuiKey_LeftCtrl;
    case Qt::Key_Shift:
      return ImGuiKey_LeftShift;
    case Qt::Key_Alt:
      return ImGuiKey_LeftAlt;
    case Qt::Key_Meta:
      return ImGuiKey_LeftSuper;
    case Qt::Key_Menu:
      return ImGuiKey_Menu;
    default:
      return ImGuiKey_None;
  }
}

}  // namespace loom::editor
