#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace causeway {

/// Who of many has had something to do since one looked last, in the order in which it happened: whoever looks once a
/// second looks at those alone, however many others there are. Nothing is noted while nobody has a bookmark. One
/// thread; entries, bookmarks and the whole may end in any order, but the whole last.
class activity {
  /// A place in a ring; alone when it is in none.
  class link {
  public:
    link() = default;
    link(const link&) = delete;
    link& operator=(const link&) = delete;
    ~link() { leave(); }
    void leave() {
      before->after = after;
      after->before = before;
      before = after = this;
    }
    void go_before(link& x) {
      leave();
      before = x.before;
      after = &x;
      before->after = this;
      x.before = this;
    }
    link* before = this;
    link* after = this;
  };

public:
  /// One of the many.
  class entry : link {
  public:
    /// @param key  outlives it
    void is_called(const std::string& key) { key_ = &key; }

  private:
    friend class activity;
    const std::string* key_ = nullptr; ///< null: a bookmark
    std::uint64_t noted_in_ = 0;       ///< the reading it was noted before
  };

  /// What a look at an entry ends with.
  enum class then : std::uint8_t {
    over,  ///< it is known, until it is noted again
    again, ///< it is to be looked at the next time too, whatever happens
    stop,  ///< it was not looked at; the next time begins with it
  };

  /// How far somebody has read.
  class bookmark {
  public:
    /// From here on. @pre `of` outlives it
    explicit bookmark(activity& of) : of_(of) {
      ++of_.readers_;
      to_the_end();
    }
    bookmark(const bookmark&) = delete;
    bookmark& operator=(const bookmark&) = delete;
    ~bookmark() { --of_.readers_; }

    /// Calls `look(key, entry)` for those noted since the last time, the oldest first.
    /// @param most  so many; the next time goes on behind them
    /// @pre `look` notes nothing and ends no entry
    template <class Look>
    void read(std::size_t most, Look look) {
      std::vector<entry*> repeated;
      auto* at = place_.after;
      for (; most > 0 && at != &of_.end_; at = at->after) {
        auto& x = static_cast<entry&>(*at);
        if (x.key_ == nullptr) continue; // somebody else's bookmark
        const auto now = look(*x.key_, x);
        if (now == then::stop) break;
        if (now == then::again) repeated.push_back(&x);
        --most;
      }
      place_.go_before(*at);
      ++of_.readings_;
      for (auto* x : repeated) of_.put_last(*x);
    }
    /// Nothing of what was noted before is read.
    void to_the_end() {
      place_.go_before(of_.end_);
      ++of_.readings_;
    }

  private:
    activity& of_;
    entry place_;
  };

  activity() = default;

  /// It has had something to do. Costs next to nothing when nobody has read since it was noted last.
  /// @pre it is called something
  void note(entry& x) {
    if (readers_ > 0 && x.noted_in_ != readings_) put_last(x);
  }

private:
  void put_last(entry& x) {
    x.noted_in_ = readings_;
    x.go_before(end_);
  }

  link end_;
  std::size_t readers_ = 0;
  std::uint64_t readings_ = 1;
};

} // namespace causeway
