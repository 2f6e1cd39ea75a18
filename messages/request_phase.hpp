#pragma once
#include <cstdint>
#include <string_view>

namespace causeway {

/// Up to where a request to another homeserver came: the step it failed in, in the order in which they are taken.
enum class request_phase : std::uint8_t {
  unknown,    ///< it succeeded, or nobody can say
  well_known, ///< server discovery: the delegation at the server's own name
  dns,        ///< server discovery: SRV records, and addresses
  tcp,        ///< no connection
  tls,        ///< no agreement on keys, or a certificate that is not valid
  http,       ///< no answer in time, or one that is no success
  signature,  ///< it does not take our signature
  body,       ///< what was answered cannot be read
};
std::string_view name(request_phase x);
/// `unknown` for any other word.
request_phase find_request_phase(std::string_view name);

/// What a failure tells that was kept as text: a fault ("peer_tls: certificate has expired") or an answer ("HTTP 401
/// {...}"). Coarser than what the gateway says of an attempt at hand.
request_phase phase_of(std::string_view failure);

} // namespace causeway
