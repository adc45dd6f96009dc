#pragma once
// What the viewer shows: which tensor of which step, what it is compared with, and both as pictures. Asks the
// session's frames for values and keeps what it made of them until they or the options change. Large tensors
// are looked at on another thread; what was there before stays until that is done.
#include <QObject>
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
  std::vector<PicturePtr> smaller;  // of a large one: half of it, a quarter ...
  NumberRow row;                    // of what is one row of numbers
  TensorSheet sheet;
  std::pair<float, float> range{0, 1};
  int64_t notFinite = 0;
  Summary summary;  // of the samples shown
  Histogram histogram;
  RadialSpectrum spectrum;  // of the sample shown, the first of several; empty where there are no planes

 private:
  friend class ViewerContent;
  TensorPictureOptions options_;  // that it was looked at with
  ValuesPtr wanted_;              // what is asked for: what comes of others is too late
};

/// All that is made of a tensor's numbers. Pure.
struct TensorLooked {
  TensorPicture picture;
  Summary summary;
  Histogram histogram;
  RadialSpectrum spectrum;
  std::vector<Picture> smaller;
  NumberRow row;
};
TensorLooked lookAt(const Values& values, const TensorPictureOptions& options);

class ViewerContent : public QObject {
  Q_OBJECT
 public:
  static constexpr size_t kAtOnce = size_t{1} << 18;  // numbers; more are another thread's

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
  /// Shows the one before, until the values are here and looked at.
  bool loading() const { return loading_ || working_; }
  bool canWatch() const { return canWatch_; }  // the run at hand does not keep this port
  /// The run is over and lacks what is asked for: the same run again, watching the port, has it.
  bool canRunAgain() const { return canRunAgain_; }
  Planes planes() const { return a_.values ? planesOf(*a_.values) : Planes{}; }

 Q_SIGNALS:
  void changed();

 private:
  struct Wanted {
    ValuesPtr values;
    std::string name;
  };
  std::string choosePort(const ViewerChoice& choice, const Reel& reel) const;
  ValuesPtr find(const std::shared_ptr<const RunInfo>& run, const Reel* reel, const Iteration& place,
                 std::string& name);
  Wanted findOther(const ViewerChoice& choice, const Iteration& place, const Values& a);
  Wanted findShown(const Reel& reel, const Iteration& place);
  void sayWhatLacks(const Reel& reel, const Iteration& place);
  bool look(ViewerSide& side, const Wanted& wanted, const TensorPictureOptions& options);
  void lookApart(TensorPictureOptions options);
  static void hold(ViewerSide& side, const Wanted& wanted, const TensorPictureOptions& options,
                   TensorLooked looked);

  Session& session_;
  Reels& reels_;
  std::string port_, trouble_, compareTrouble_;
  QString run_;
  ViewerSide a_, b_, delta_;
  std::pair<ValuesPtr, ValuesPtr> deltaOf_;
  TensorPictureOptions deltaOptions_;
  bool working_ = false;  // one at a time: numbers of a large tensor fill the caches
  Viewer::Compare compare_ = Viewer::Compare::none;
  bool loading_ = false, canWatch_ = false, canRunAgain_ = false;
};

}  // namespace loom::editor
