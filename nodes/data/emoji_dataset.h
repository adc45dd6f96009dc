#pragma once
// Emoji as a dataset: chosen from Unicode's table, drawn from the installed font, kept in the user's cache.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "engine/core/cancel.h"
#include "nodes/data/dataset.h"
#include "nodes/data/emoji_table.h"

namespace loom {

/// Where font and table are on this machine.
struct EmojiSources {
  std::filesystem::path font, table;
};
/// Those of the Debian packages, or of other places distributions use, or what NOISELOOM_EMOJI_FONT and
/// NOISELOOM_EMOJI_TABLE name. Throws Error naming the package to install.
EmojiSources findEmojiSources();

struct EmojiOptions {
  int64_t size = 32;  // pixels a side
  EmojiChoice choice{};
};

/// How long work is watched and bounded. Called on the caller's thread only.
struct Watch {
  const CancelToken* cancel = nullptr;
  std::function<void(int64_t done, int64_t total)> progress{};
  int threads = 0;  // 0: all cores
};

/// Draws them: uint8 [N, 3, size, size] on white, area-filtered in parallel; sequences the font does not have
/// as one glyph are left out, and so are pictures equal to an earlier one. Classes are subgroups. Throws
/// Error, Cancelled.
Dataset drawEmoji(const EmojiSources& sources, const EmojiOptions& options, const Watch& watch);

/// The same through a cache: a file below `cacheFolder`, named by all that the pictures depend on. An
/// unreadable or damaged cache file is drawn again; a cache that can't be written, or an empty folder name,
/// is no error.
Dataset cachedEmoji(const EmojiSources& sources, const EmojiOptions& options,
                    const std::filesystem::path& cacheFolder, const Watch& watch);

/// Hex name of font and table by content, for content keys.
std::string identityOf(const EmojiSources& sources);

}  // namespace loom
