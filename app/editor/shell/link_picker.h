#pragma once
// Links without a mouse: every link that the selected nodes could have, or have, by a few letters of its
// ends.
#include "app/editor/session/session.h"
#include "app/editor/shell/pick_list.h"

namespace loom::editor {

class LinkPicker : public PickList {
  Q_OBJECT
 public:
  LinkPicker(Session& session, QWidget* window) : PickList("links", window), session_(session) {}
  /// To be made: from and to the selected nodes; among themselves where there are several.
  void openToLink();
  /// To be cut: those of the selected nodes.
  void openToCut();

 protected:
  std::vector<Item> itemsFor(const QString& query) override;

 private:
  struct Choice {
    Wire wire;
    QString title, type;
    int worth;
    bool replaces;  // what is linked there now
  };
  void collectPossible();
  void collectPresent();
  bool possible(const Wire& wire) const;
  void add(const Wire& wire, const std::string& type, int worth, bool replaces);

  Session& session_;
  std::vector<Choice> choices_;
  bool cutting_ = false;
};

}  // namespace loom::editor
