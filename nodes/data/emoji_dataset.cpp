#include "nodes/data/emoji_dataset.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <string_view>
#include <thread>

#include "engine/core/key.h"
#include "engine/files/mapped_file.h"
#include "nodes/data/dataset_file.h"
#include "nodes/data/emoji_font.h"
#include "nodes/images/resample.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

constexpr int kDrawingVersion = 1;  // raised when the same font gives other pictures

fs::path findFile(const char* variable, const std::vector<const char*>& places, const char* missing) {
  if (const char* named = std::getenv(variable)) {
    if (fs::is_regular_file(named)) return named;
    throw Error(std::string(variable) + " names " + named + ", which is no file");
  }
  std::error_code ignored;
  for (const char* place : places)
    if (fs::is_regular_file(place, ignored)) return place;
  throw Error(std::string(missing) + ", or name the file in " + variable + " (looked for " + places.front() +
              ")");
}

std::span<const uint8_t> asBytes(const MappedFile& file) {
  return {reinterpret_cast<const uint8_t*>(file.bytes().data()), file.bytes().size()};
}
std::string_view asText(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

// A square canvas, area-filtered to [3, size, size]. In plain float32 loops: this runs on threads of our own.
void reduce(const Canvas& canvas, const std::vector<Taps>& taps, uint8_t* out) {
  const auto size = static_cast<int64_t>(taps.size()), side = canvas.width;
  std::vector<float> rows(static_cast<size_t>(size * side * 3), 0.0f);
  for (int64_t y = 0; y < size; ++y)
    for (size_t k = 0; k < taps[y].weights.size(); ++k) {
      const uint8_t* from = canvas.rgb.data() + (taps[y].start + static_cast<int64_t>(k)) * side * 3;
      float* to = rows.data() + y * side * 3;
      for (int64_t i = 0; i < side * 3; ++i) to[i] += taps[y].weights[k] * from[i];
    }
  for (int64_t c = 0; c < 3; ++c)
    for (int64_t y = 0; y < size; ++y)
      for (int64_t x = 0; x < size; ++x) {
        float sum = 0;
        for (size_t k = 0; k < taps[x].weights.size(); ++k)
          sum += taps[x].weights[k] * rows[(y * side + taps[x].start + static_cast<int64_t>(k)) * 3 + c];
        out[(c * size + y) * size + x] = static_cast<uint8_t>(std::clamp(std::lround(sum), 0L, 255L));
      }
}

/// Draws picture i of each emoji into images[i]; drawn[i] says whether the font has it.
class Drawing {
 public:
  Drawing(std::span<const uint8_t> font, const std::vector<Emoji>& emoji, int64_t size, const Watch& watch)
      : font_(font),
        emoji_(emoji),
        size_(size),
        watch_(watch),
        drawn(emoji.size(), 0),
        images(at::empty({static_cast<int64_t>(emoji.size()), 3, size, size}, at::kByte)) {}

  void run() {
    const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    const auto threads = static_cast<size_t>(watch_.threads > 0 ? watch_.threads : static_cast<int>(cores));
    pixels_ = images.data_ptr<uint8_t>();
    {
      std::vector<std::jthread> others;
      for (size_t i = 1; i < std::min(threads, emoji_.size() / 32 + 1); ++i)
        others.emplace_back([this] { work(false); });
      work(true);
    }
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void work(bool reports) noexcept {
    try {
      const EmojiFont font(font_);
      std::map<int64_t, std::vector<Taps>> taps;  // by the side of the bitmap
      for (size_t i; !stop_ && (i = next_++) < emoji_.size();) {
        if (watch_.cancel) watch_.cancel->check();
        draw(font, taps, i);
        if (reports && watch_.progress && i % 64 < 8)
          watch_.progress(static_cast<int64_t>(i), static_cast<int64_t>(emoji_.size()));
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      stop_ = true;
    }
  }

  void draw(const EmojiFont& font, std::map<int64_t, std::vector<Taps>>& taps, size_t i) {
    const uint32_t glyph = font.glyphOf(emoji_[i].codes);
    if (!glyph) return;
    const Canvas canvas = font.render(glyph);
    auto& forSide = taps[canvas.width];
    if (forSide.empty()) forSide = resampleTaps(canvas.width, size_, Filter::area);
    reduce(canvas, forSide, pixels_ + static_cast<int64_t>(i) * 3 * size_ * size_);
    drawn[i] = 1;
  }

  std::span<const uint8_t> font_;
  const std::vector<Emoji>& emoji_;
  int64_t size_;
  const Watch& watch_;
  uint8_t* pixels_ = nullptr;
  std::atomic<size_t> next_ = 0;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::exception_ptr failure_;

 public:
  std::vector<uint8_t> drawn;
  at::Tensor images;
};

// The first of each set of equal pictures, and none that was not drawn.
std::vector<int64_t> distinctPictures(const Drawing& drawing) {
  std::set<std::string_view> seen;
  std::vector<int64_t> kept;
  const auto bytes = static_cast<size_t>(drawing.images.stride(0));
  const auto* pixels = reinterpret_cast<const char*>(drawing.images.const_data_ptr<uint8_t>());
  for (size_t i = 0; i < drawing.drawn.size(); ++i)
    if (drawing.drawn[i] && seen.insert({pixels + i * bytes, bytes}).second)
      kept.push_back(static_cast<int64_t>(i));
  return kept;
}

std::string cacheName(const EmojiSources& sources, const EmojiOptions& options) {
  KeyBuilder key("emoji");
  key.add(kDrawingVersion).add(identityOf(sources)).add(options.size);
  for (const std::string& group : options.choice.groups) key.add("group").add(group);
  for (const std::string& subgroup : options.choice.subgroups) key.add("subgroup").add(subgroup);
  key.add(options.choice.skinTones).add(options.choice.flags).add(options.choice.thin);
  return "emoji-" + key.key().hex() + ".safetensors";
}

}  // namespace

EmojiSources findEmojiSources() {
  EmojiSources sources;
  sources.font = findFile(
      "NOISELOOM_EMOJI_FONT",
      {"/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf", "/usr/share/fonts/noto/NotoColorEmoji.ttf",
       "/usr/share/fonts/google-noto-color-emoji-fonts/NotoColorEmoji.ttf",
       "/usr/share/fonts/noto-emoji/NotoColorEmoji.ttf"},
      "the font Noto Color Emoji is not installed; install the Debian package fonts-noto-color-emoji");
  sources.table =
      findFile("NOISELOOM_EMOJI_TABLE",
               {"/usr/share/unicode/emoji/emoji-test.txt", "/usr/share/unicode-data/emoji/emoji-test.txt"},
               "Unicode's table of emoji is not installed; install the Debian package unicode-data");
  return sources;
}

std::string identityOf(const EmojiSources& sources) {
  KeyBuilder key("emoji sources");
  key.add(asText(*MappedFile::open(sources.font))).add(asText(*MappedFile::open(sources.table)));
  return key.key().hex();
}

Dataset drawEmoji(const EmojiSources& sources, const EmojiOptions& options, const Watch& watch) {
  if (options.size < 8 || options.size > 512)
    throw Error("emoji can be drawn 8 to 512 pixels large, not " + std::to_string(options.size));
  const auto font = MappedFile::open(sources.font);
  const auto table = MappedFile::open(sources.table);
  const std::vector<Emoji> emoji = chosenEmoji(parseEmojiTable(asText(*table)), options.choice);
  Drawing drawing(asBytes(*font), emoji, options.size, watch);
  drawing.run();

  Dataset all;
  all.images = drawing.images;
  for (const Emoji& e : emoji) {
    all.names.push_back(e.name);
    all.groups.push_back(e.group);
    all.subgroups.push_back(e.subgroup);
  }
  all.source = "Noto Color Emoji";
  setClasses(all, ClassBy::subgroup);
  const std::vector<int64_t> kept = distinctPictures(drawing);
  if (kept.empty()) throw Error(sources.font.string() + " has no glyph for any of the chosen emoji");
  return selected(all, kept);
}

Dataset cachedEmoji(const EmojiSources& sources, const EmojiOptions& options, const fs::path& cacheFolder,
                    const Watch& watch) {
  if (cacheFolder.empty()) return drawEmoji(sources, options, watch);
  const fs::path file = cacheFolder / cacheName(sources, options);
  if (auto cached = readDatasetFile(file)) return std::move(*cached);
  Dataset drawn = drawEmoji(sources, options, watch);
  try {
    writeDatasetFile(drawn, file);
  } catch (const std::exception&) {
    // A full disk or a read-only home: the pictures are drawn again next time.
  }
  return drawn;
}

}  // namespace loom
