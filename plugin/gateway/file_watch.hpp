#pragma once
#include <sys/stat.h>

#include <string>
#include <utility>
#include <vector>

namespace causeway::gateway {

/// Sees that files have been replaced or written to: by their inode, size and times. Not thread-safe.
class file_watch {
public:
  explicit file_watch(std::vector<std::string> paths) : paths_(std::move(paths)), told_(look()), last_(told_) {}

  /// Whether they have changed since this said so last (or since the beginning) and been left alone since the look
  /// before this one: of several files that belong together one is written after the other. A file that is gone is no
  /// change until there is another.
  bool has_changed() {
    auto now = look();
    const bool settled = now == last_ && now != told_ && is_whole(now);
    last_ = std::move(now);
    if (settled) told_ = last_;
    return settled;
  }

private:
  struct sight {
    bool there = false;
    dev_t device = 0;
    ino_t inode = 0;
    off_t bytes = 0;
    timespec written{}, changed{};
    bool operator==(const sight& x) const {
      return there == x.there && device == x.device && inode == x.inode && bytes == x.bytes &&
             same(written, x.written) && same(changed, x.changed);
    }
    static bool same(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }
  };

  std::vector<sight> look() const {
    std::vector<sight> out;
    for (const auto& path : paths_) {
      struct stat about {};
      if (::stat(path.c_str(), &about) == 0)
        out.push_back({true, about.st_dev, about.st_ino, about.st_size, about.st_mtim, about.st_ctim});
      else out.emplace_back();
    }
    return out;
  }
  static bool is_whole(const std::vector<sight>& x) {
    for (const auto& each : x)
      if (!each.there) return false;
    return true;
  }

  std::vector<std::string> paths_;
  std::vector<sight> told_, last_;
};

} // namespace causeway::gateway
