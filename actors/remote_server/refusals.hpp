#pragma once
#include <cstddef>
#include <cstdint>

/// A transaction is refused with 4xx although the server is there. Either it takes no transaction of ours at all
/// (then nothing but waiting helps, and nothing may be lost), or it does not take what is in this one (then one event
/// would block all rooms for ever). Which of the two is asked of the server itself: an empty transaction, the probe,
/// is sent. Source: server-server-api, "Transactions" names no way to tell them apart.
namespace causeway::remote_server {

/// So often an event is refused alone, each time with the probe taken beside it, before it is set aside. The pauses
/// between double from federation.retry_delay_ms_min: with the default it is set aside some 15 s after its first
/// refusal alone.
inline constexpr std::uint32_t refused_alone_max = 5;
/// A server that refuses EDUs gets none for so long, ms: they are hints.
inline constexpr std::int64_t refused_edus_pause_ms = 3'600'000;

/// Whether a status may be about what is in the transaction. Not: 401 and 404 to 408 (keys, path, proxy, time), 421
/// (misdirected), 423, 425, 429 (later), 5xx and no answer at all. 403 may: a filter in front of the server that
/// dislikes a text answers so; so does a server that federates with us no more, which the probe finds out.
constexpr bool may_be_about_content(int status) {
  if (status < 400 || status >= 500 || status == 401 || (status >= 404 && status <= 408 && status != 406)) return false;
  return status != 421 && status != 423 && status != 425 && status != 429;
}

/// Finds out which PDU it is. Pure.
class refusals {
public:
  enum class next : std::uint8_t {
    drop_edus, ///< the same PDUs without EDUs, which are lost
    split,     ///< half of the PDUs
    repeat,    ///< the one PDU once more, after a pause
    set_aside, ///< the PDU is not sent any more
  };

  /// The server has refused this and taken the probe.
  next on_refused(std::size_t pdus, std::size_t edus) {
    if (edus > 0) return next::drop_edus;
    if (pdus > 1) return next::split;
    return ++alone_ < refused_alone_max ? next::repeat : next::set_aside;
  }
  /// The transaction was taken, or its PDU set aside.
  void reset() { alone_ = 0; }
  /// Refusals of the PDU alone so far.
  std::uint32_t alone() const { return alone_; }

private:
  std::uint32_t alone_ = 0;
};

} // namespace causeway::remote_server
