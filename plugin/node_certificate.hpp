#pragma once
#include "actors/effects.hpp"
#include "config/options.hpp"
#include "plugin/admin/rows.hpp"
#include "plugin/node_log.hpp"

#include <vector>

namespace causeway {

/// Says in the log what other servers will find wrong with the certificate of the gateway's HTTPS. That is no reason
/// not to start: an operator who is late with the renewal still has the chat server's side, and what is said waits for
/// the others. Nothing where it has plain HTTP.
void log_certificate_problems(const config::options& options, node_log& log, time_ms now);

/// The certificate as the operator is shown it; none where it has plain HTTP.
std::vector<admin::certificate_row> certificate_rows(const config::options& options, time_ms now);

} // namespace causeway
