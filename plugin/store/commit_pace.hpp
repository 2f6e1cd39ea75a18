#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>

namespace causeway::store {

/// When patient work is written, so that no urgent commit stands behind a flush of the disk that was not for it. While
/// urgent work comes, a little patient work goes along with each of its commits and none has a commit of its own; when
/// none has come for a while, it goes by itself, in slices. Pure: time is passed in.
class commit_pace {
public:
  using time_point = std::chrono::steady_clock::time_point;
  /// So long after urgent work the next is expected. Two persons' messages on a busy node are closer together.
  static constexpr std::chrono::milliseconds calm{20};
  /// Beside urgent questions, which have no commit to go along with, some go after so long all the same.
  static constexpr std::chrono::milliseconds patience{1'000};
  /// Patient batches that go along with an urgent commit, each some 20 us of it.
  static constexpr std::size_t along_max = 16;
  /// Patient batches in a commit of their own: an urgent one that comes meanwhile waits for so much.
  static constexpr std::size_t alone_max = 64;

  void urgent_came(time_point now) {
    last_urgent_ = now;
    has_urgent_ = true;
  }
  /// When patient work may have a commit of its own.
  time_point may_begin() const {
    return has_urgent_ ? std::min(last_urgent_ + calm, last_given_ + patience) : time_point::min();
  }
  /// Patient batches that may go now; 0: none. To be asked while some wait.
  /// @param urgent_waits  a commit is about to begin anyway
  std::size_t share(bool urgent_waits, time_point now) const {
    if (urgent_waits) return along_max;
    if (!has_urgent_ || now - last_urgent_ >= calm) return alone_max;
    return now - last_given_ >= patience ? along_max : 0;
  }
  /// Some have gone, or none wait.
  void given(time_point now) { last_given_ = now; }

private:
  time_point last_given_{};
  time_point last_urgent_{};
  bool has_urgent_ = false;
};

} // namespace causeway::store
