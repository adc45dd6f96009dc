// How the canvas looks: at several sizes and pixel ratios, dark and light; what it costs; that it rests.
// LOOM_SHOTS: a folder for pictures of what was drawn.
#include "canvas_host.h"

using namespace loom;
using namespace loom::editor;

class LookTest : public QObject {
  Q_OBJECT
 private:
  QTemporaryDir folder_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<CanvasHost> host_;

  // A chain of many nodes, laid out in rows.
  static Document large(int nodes) {
    Document document;
    Layout layout;
    for (int i = 0; i < nodes; ++i) {
      auto node = std::make_shared<Node>();
      node->id = "n" + std::to_string(i);
      node->type = i % 3 == 0 ? "image.resize" : i % 3 == 1 ? "image.contact_sheet" : "image.from_latent";
      if (i % 3 == 0) node->params["width"] = 16 + i;
      if (i % 3 != 2 && i > 0)
        node->inputs[i % 3 == 0 ? "image" : "images"] = {{{"n" + std::to_string(i - 1), "image"}}, i % 3 == 1};
      layout.nodes[node->id].at = Point{static_cast<float>(i % 50) * 260, static_cast<float>(i / 50) * 260};
      document.graph.nodes.push_back(node);
    }
    return withLayout(document, "", layout);
  }

 private Q_SLOTS:
  void initTestCase() {
    SessionOptions options;
    options.runner = NOISELOOM_RUNNER;
    options.dataFolder = folder_.path();
    session_ = std::make_unique<Session>(options);
    host_ = std::make_unique<CanvasHost>(*session_);
    host_->show();
    QVERIFY(QTest::qWaitForWindowExposed(host_.get()));
    QTRY_VERIFY_WITH_TIMEOUT(!session_->catalog().empty(), 20000);
  }
  void cleanupTestCase() {
    host_.reset();
    session_.reset();
  }

  void drawsAnExample() {
    QVERIFY(session_->open(NOISELOOM_SOURCE_DIR "/graphs/ddpm.loom"));
    QTRY_VERIFY_WITH_TIMEOUT(session_->checked().current && session_->checked().ok, 20000);
    host_->frames(4);
    host_->shoot("ddpm");
    host_->resize(2200, 1300);
    host_->canvas.fitAll();
    host_->shoot("ddpm_large");
    // All of it lies within the view.
    for (const char* id : {"weights", "sampling", "denoise", "save_strip"}) {
      const auto rect = host_->canvas.rectOf(id);
      QVERIFY2(rect, id);
      QVERIFY2(rect->x >= 0 && rect->y >= 0 && rect->x + rect->width <= host_->width() &&
                   rect->y + rect->height <= host_->height(),
               id);
    }
    host_->canvas.zoomTo(1.6f);
    host_->canvas.centreOn("denoise");
    host_->shoot("ddpm_close");
    host_->resize(1280, 800);
  }
};

QTEST_MAIN(LookTest)
#include "look_test.moc"
