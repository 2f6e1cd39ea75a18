#pragma once
#include "config/loader.hpp"
#include "tools/causeway/broker_request.hpp"

#include <string>

/// The operator's commands beyond lists and pages: what changes something, and what looks for what is wrong.
namespace causeway::tools {

/// Exit codes of `check`, as monitoring has them (Nagios, Icinga).
enum check_code : int { check_ok = 0, check_warning = 1, check_critical = 2, check_unknown = 3 };

int run_doctor(const broker_request& x);
int run_probe(const broker_request& x);
int run_check(const broker_request& x);
int run_compare(const broker_request& x);
int run_resync(const broker_request& x);
int run_pause(const broker_request& x);
int run_resume(const broker_request& x);
int run_revoke(const broker_request& x);
int run_resend(const broker_request& x);
int run_show_letter(const broker_request& x);
int run_audit(const broker_request& x);

/// A support archive: what the lists say, as JSON, the configuration without secrets, the last lines of the log. No
/// message, no key. Read again by --archive.
/// @param file  NAME.tar.gz, not there yet
int write_bundle(const broker_request& x, const config::sources& from, const std::string& file);

} // namespace causeway::tools
