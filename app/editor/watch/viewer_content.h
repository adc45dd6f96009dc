#pragma once
// What the viewer shows: which tensor of which step, what it is compared with, and both as pictures. Asks the
// session's frames for values and keeps what it made of them until they or the options change.
#include <optional>
#include <string>

#include "app/editor/watch/reel.h"
#include "app/editor/watch/spectrum.h"
#include "app/editor/watch/tensor_picture.h"
#include "app/editor/watch/viewer.h"

namespace loom::editor {

/// What the user chose.
struct ViewerChoice {
  std::string port;  // empty: the selection's
  TensorPictureOptions options;
  Viewer::Compare compare = Viewer::Compare::none;
  struct Pin {
    QString run;
    Iteration iteration;
    bool operator==(const Pin&) const = default;
  };
  std::optional<Pin> pin;  // compared with before the session's compared run
};

/// One tensor and how it looks.
struct ViewerSide {
  ValuesPtr values;
  std::string name;  // "run 12, step 48"
  PicturePtr picture;
  TensorSheet sheet;
  std::pair<float, float> range{0, 1};
  int64_t notFinite = 0;
  Summary summary;  // of the samples shown
  Histogram histogram;
  std::optional<RadialSpectrum> spectrum;  // made when asked for: spectrumOf()

 private:
  friend class ViewerContent;
  TensorPictureOptions options_;
  ValuesPtr made_;
};

class ViewerContent {
 public:
  ViewerContent(Session& session, Reels& reels) : session_(session), reels_(reels) {}

  void update(const ViewerChoice& choice);

  const std::string& port() const { return port_; }
  const ViewerSide& a() const { return a_; }
  const ViewerSide& b() const { return b_; }
  const ViewerSide& delta() const { return delta_; }  // |a - b|
  bool comparing() const { return compare_ != Viewer::Compare::none && b_.values; }
  Viewer::Compare compare() const { return comparing() ? compare_ : Viewer::Compare::none; }
  /// Why there is nothing, or why there is nothing to compare with; empty: all is well.
  const std::string& trouble() const { return trouble_; }
  const std::string& compareTrouble() const { return compareTrouble_; }
  bool loading() const { return loading_; }    // shows the one before, until the values are here
  bool canWatch() const { return canWatch_; }  // the run at hand does not keep this port
  Planes planes() const { return a_.values ? planesOf(*a_.values) : Planes{}; }
  const RadialSpectrum& spectrumOf(ViewerSide& side, int64_t sample);
  ViewerSide& sideA() { return a_; }
  ViewerSide& sideB() { return b_; }

 private:
  std::string choosePort(const ViewerChoice& choice, const Reel& reel) const;
  ValuesPtr find(const std::shared_ptr<const RunInfo>& run, const Reel* reel, const Iteration& place,
                 std::string& name);
  void findOther(const ViewerChoice& choice, const Iteration& place);
  void look(ViewerSide& side, TensorPictureOptions options);

  Session& session_;
  Reels& reels_;
  std::string port_, trouble_, compareTrouble_;
  QString run_;
  ViewerSide a_, b_, delta_;
  std::pair<ValuesPtr, ValuesPtr> deltaOf_;
  Viewer::Compare compare_ = Viewer::Compare::none;
  bool loading_ = false, canWatch_ = false;
};

}  // namespace loom::editor
