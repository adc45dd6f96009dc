// The gallery: what it begins with, how it fills windows of any size, its keys, its pictures.
#include <QtTest/QtTest>

#include "app/editor/document/document_file.h"
#include "app/editor/gl/theme.h"
#include "app/editor/shell/gallery.h"
#include "app/editor/shell/places.h"
#include "app/editor/shell/recent_files.h"
#include "tests/app/editor/story/driver.h"

using namespace loom;
using namespace loom::editor;

class GalleryTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Driver> user_;

  Gallery& open(QSize size = {1280, 800}) {
    user_ = std::make_unique<Driver>(folder_->filePath("data"));
    user_->window.resize(size);
    user_->window.begin();
    return *user_->window.findChild<Gallery*>("gallery");
  }
  GalleryCard* card(const QString& name) const {
    return user_->window.findChild<GalleryCard*>(name == "empty" ? "galleryEmpty" : "card." + name);
  }
  static QRect placeOf(const QWidget* card, const QWidget& gallery) {
    return {card->mapTo(&gallery, QPoint()), card->size()};
  }

 private Q_SLOTS:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }
  void cleanup() {
    user_.reset();
    folder_.reset();
  }

  void beginsWithWhatOneLearnsFrom() {
    QStringList names;
    for (const GalleryEntry& entry : galleryEntries(graphsFolder())) {
      names << QFileInfo(entry.file).completeBaseName();
      QVERIFY2(!entry.picture.isEmpty(), qPrintable(entry.file));
      QVERIFY2(!entry.about.isEmpty() && !entry.section.isEmpty(), qPrintable(entry.file));
    }
    const QStringList first{"ddpm",        "ddim",       "compare_steps", "compare_eta",
                            "interpolate", "ddpm_emoji", "dataset"};
    QCOMPARE(names.mid(0, first.size()), first);
    Gallery& gallery = open();
    const auto cards = gallery.findChildren<GalleryCard*>();
    QCOMPARE(cards.size(), names.size() + 1);
    QCOMPARE(cards.first()->objectName(), QString("card.ddpm"));
    QCOMPARE(cards.last()->objectName(), QString("galleryEmpty"));
    for (GalleryCard* each : cards)
      if (each->objectName() != "galleryEmpty") QTRY_VERIFY_WITH_TIMEOUT(each->hasPicture(), 20000);
  }

  void fillsItsWindow_data() {
    QTest::addColumn<QSize>("size");
    for (const QSize size : {QSize(700, 600), QSize(1280, 800), QSize(1920, 1080), QSize(2560, 1440)})
      QTest::addRow("%d", size.width()) << size;
  }
  void fillsItsWindow() {
    QFETCH(QSize, size);
    Gallery& gallery = open(size);
    QTRY_VERIFY(gallery.isVisible() && gallery.width() == user_->window.width());
    size.setWidth(gallery.width());  // no narrower than its toolbar
    QRect all;
    const auto cards = gallery.findChildren<GalleryCard*>();
    for (const GalleryCard* each : cards) {
      const QRect rect = placeOf(each, gallery);
      QVERIFY2(rect.left() >= 0 && rect.right() < size.width(), qPrintable(each->objectName()));
      for (const GalleryCard* other : cards)
        QVERIFY(other == each || !placeOf(other, gallery).intersects(rect));
      // Whole words, as many as there is room for.
      const QString shown = each->lines(each->width()).join(' ');
      const QString words = shown.endsWith(" …") ? shown.chopped(2) : shown;
      QVERIFY2(each->about().startsWith(words), qPrintable(shown));
      QVERIFY2(words.size() == each->about().size() || each->about()[words.size()] == ' ', qPrintable(shown));
      QVERIFY2(each->toolTip().contains(each->about().toHtmlEscaped()), "the rest is in the tooltip");
      all |= rect;
    }
    QVERIFY2(all.width() >= size.width() * 85 / 100, qPrintable(QString::number(all.width())));
    if (size.width() < 1280) return;
    QVERIFY2(all.bottom() < gallery.height(), "all that ships is seen without scrolling");
    QVERIFY2(all.bottom() >= gallery.height() * 65 / 100, qPrintable(QString::number(all.bottom())));
  }

  void keysWalkAndOpen() {
    Gallery& gallery = open();
    QTRY_VERIFY(card("ddpm")->hasFocus());
    const auto press = [](Qt::Key key) { QTest::keyClick(QApplication::focusWidget(), key); };
    press(Qt::Key_Right);
    QVERIFY(card("ddim")->hasFocus());
    press(Qt::Key_Left);
    press(Qt::Key_Left);  // there is none before it
    QVERIFY(card("ddpm")->hasFocus());
    press(Qt::Key_Down);
    auto* below = qobject_cast<GalleryCard*>(QApplication::focusWidget());
    QVERIFY(below);
    QCOMPARE(below->x(), card("ddpm")->x());
    QVERIFY(below->y() > card("ddpm")->geometry().bottom());
    press(Qt::Key_Up);
    QVERIFY(card("ddpm")->hasFocus());
    press(Qt::Key_Up);
    QCOMPARE(QApplication::focusWidget()->objectName(), QString("galleryOpen"));
    press(Qt::Key_Down);
    QVERIFY(card("ddpm")->hasFocus());
    press(Qt::Key_End);
    QVERIFY(card("empty")->hasFocus());
    press(Qt::Key_Home);
    QVERIFY(card("ddpm")->hasFocus());
    // Every card can be reached by arrows alone.
    QSet<QWidget*> seen;
    for (int i = 0; i < 20; ++i, press(Qt::Key_Right)) seen << QApplication::focusWidget();
    QCOMPARE(seen.size(), gallery.findChildren<GalleryCard*>().size());
    press(Qt::Key_Home);
    press(Qt::Key_Return);
    QTRY_VERIFY(gallery.isHidden());
    QVERIFY(user_->session().file().endsWith("/ddpm.loom"));
    user_->window.commands().action("file.gallery")->trigger();
    QTRY_VERIFY(card("ddpm")->hasFocus());
    press(Qt::Key_Escape);
    QVERIFY(gallery.isHidden());
    QVERIFY(user_->central().hasFocus());
  }

  void focusIsSeen() {
    for (const bool dark : {true, false}) {
      open();
      Theme::use(dark ? Theme::darkTheme() : Theme::lightTheme());
      GalleryCard* with = card("ddpm");
      QTRY_VERIFY(with->hasFocus());
      const QImage on = with->grab().toImage();
      QTest::keyClick(with, Qt::Key_Right);
      const QImage off = with->grab().toImage();
      int accent = 0;
      for (int x = 20; x < on.width() - 20; ++x) {
        const QColor a = on.pixelColor(x, 2), b = off.pixelColor(x, 2);
        accent += a == Theme::current().accent && a != b;
      }
      QVERIFY2(accent > on.width() / 2, qPrintable(QString::number(accent)));
    }
    Theme::use(Theme::darkTheme());
  }

  void emptyCanvasIsACardOfItsOwn() {
    Gallery& gallery = open();
    QTest::mouseClick(card("empty"), Qt::LeftButton);
    QTRY_VERIFY(gallery.isHidden());
    QVERIFY(user_->session().document().graph.nodes.empty());
  }

  void recentFilesHavePictures() {
    const Document document = readDocument(graphsFolder() + "/ddim.loom");
    QImage red(90, 60, QImage::Format_RGB32);
    red.fill(Qt::red);
    const QString picture = folder_->filePath("mine.png"), graph = folder_->filePath("plain.loom"),
                  gone = folder_->filePath("gone.loom"), huge = folder_->filePath("huge.png");
    writeDocument(document, picture, red);
    writeDocument(document, graph);
    {  // A header that claims ten thousand million pixels, and nothing after it.
      QFile file(huge);
      QVERIFY(file.open(QIODevice::WriteOnly));
      file.write(QByteArray::fromHex("89504e470d0a1a0a0000000d49484452000186a0000186a00802000000"));
    }
    open();
    for (const QString& file : {gone, huge, graph, picture}) addRecentFile(user_->session().settings(), file);
    user_->window.commands().action("file.gallery")->trigger();
    user_->window.commands().action("file.gallery")->trigger();
    const auto recent = [&](const char* name) {
      return user_->window.findChild<GalleryCard*>(QString("recent.") + name);
    };
    QVERIFY(recent("mine") && recent("plain") && recent("gone") && recent("huge"));
    QTRY_VERIFY_WITH_TIMEOUT(recent("mine")->hasPicture() && recent("plain")->hasPicture(), 20000);
    const QImage drawn = recent("mine")->grab().toImage();
    QCOMPARE(drawn.pixelColor(drawn.width() / 2, drawn.height() / 4), QColor(Qt::red));
    QVERIFY(!recent("gone")->isEnabled());
    QVERIFY(!recent("huge")->hasPicture());
    // They lie below what ships, in the order of their last use.
    QVERIFY(recent("mine")->y() > card("empty")->geometry().bottom());
    QVERIFY(recent("mine")->x() < recent("plain")->x());
    user_->window.findChild<Gallery*>("gallery")->ensureWidgetVisible(recent("plain"));
    QTest::mouseClick(recent("plain"), Qt::LeftButton);
    QTRY_COMPARE(user_->session().file(), graph);
  }
};

QTEST_MAIN(GalleryTest)
#include "gallery_test.moc"
