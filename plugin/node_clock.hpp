#pragma once
#include "actors/effects.hpp"
#include "messages/fault.hpp"

#include <atomic>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

/// The node's time. The machine's clock can be set wrong at any moment (a time server, a paused virtual machine, an
/// administrator), and what is dated by it is signed for ever. So three witnesses are heard: the wall clock, the steady
/// one, and what other servers say the time is.
namespace causeway {

/// Beyond this two clocks have parted: more than any slewing, network or header of whole seconds explains.
inline constexpr time_ms clock_tolerance_ms = 30'000;
/// So long a wall clock that has jumped is not followed while nobody else says what the time is. One that is set right
/// again meanwhile has changed nothing.
inline constexpr time_ms clock_hold_ms = 60'000;

/// What other servers' `Date` headers say. A server's word counts once, and with it that of all servers of its network
/// (IPv4 /24, IPv6 /48): names cost nothing.
class peer_dates {
public:
  static constexpr std::size_t witnesses_min = 3;
  static constexpr std::size_t witnesses_max = 64; ///< the one not heard for longest goes
  static constexpr time_ms kept_ms = 3'600'000;

  /// @param date_ms     of the header, whole seconds
  /// @param elapsed_ms  from the request to the answer: it was written some time in between
  /// @param steady_ms   when the answer was there
  void heard(std::string_view server_name, std::string_view address, time_ms date_ms, time_ms elapsed_ms,
             time_ms steady_ms);

  enum class word : std::uint8_t { unknown, right, wrong };
  struct verdict {
    word says = word::unknown;
    time_ms ahead_ms = 0;      ///< how far a clock that is wrong is ahead of theirs; negative: behind
    std::size_t witnesses = 0; ///< who say so
    bool is_unanimous = false; ///< all say the same, however few
  };
  /// What they say of a clock that shows `steady_ms + offset_ms`. Right and wrong take more than half of all, and
  /// `witnesses_min` of them.
  verdict judge(time_ms offset_ms, time_ms steady_ms) const;

private:
  struct witness {
    std::string network;
    time_ms low = 0, high = 0; ///< their time less our steady one lies between
    time_ms heard_at = 0;      ///< steady
  };
  std::list<witness> witnesses_; ///< heard last: at the end
};

/// Whom an address counts as here: its network, or for this machine's own (127.0.0.0/8, ::1) the server itself.
std::string clock_network_of(std::string_view server_name, std::string_view address);

/// Follows the wall clock as long as it goes with the steady one. Safe for threads. All times are handed in.
class node_clock {
public:
  node_clock(time_ms wall, time_ms steady) : offset_(wall - steady) {}

  /// What the time is: the wall clock's, or what it would be had it not jumped.
  time_ms now(time_ms wall, time_ms steady) const {
    const auto kept = steady + offset_;
    const auto parted = wall - kept;
    return parted <= clock_tolerance_ms && parted >= -clock_tolerance_ms ? wall : kept;
  }
  /// See peer_dates.
  void heard(std::string_view server_name, std::string_view address, time_ms date_ms, time_ms elapsed_ms,
             time_ms steady);

  struct report {
    fault why;         ///< clock_wrong: nothing may be signed, and what to do; none
    std::string doubt; ///< in words: few servers say that it is wrong; empty: nobody does
    /// Not 0: `now` has just gone over to the clock that jumped, by so much; what counts times has to begin anew.
    time_ms set_by = 0;
    bool is_news = false; ///< `why` or `doubt` has begun or ended
  };
  /// To be called every second or so.
  report look(time_ms wall, time_ms steady);
  /// Times it was found wrong since the start.
  std::size_t alarms() const { return alarms_; }

private:
  std::optional<fault> parted(time_ms wall, time_ms steady, time_ms& set_by);

  std::atomic<time_ms> offset_; ///< wall less steady, as far as the wall clock is followed
  mutable std::mutex mutex_;    ///< guards all below
  peer_dates dates_;
  std::optional<time_ms> parted_since_; ///< steady
  time_ms parted_by_ = 0;
  bool was_wrong_ = false, was_doubted_ = false;
  std::atomic<std::size_t> alarms_ = 0;
};

/// The clocks of this machine, ms. The steady one counts the time it sleeps: waking up is no jump.
time_ms wall_clock_ms();
time_ms steady_clock_ms();

} // namespace causeway
