#pragma once
#include "config/loader.hpp"

#include <string>

namespace causeway::tools {

/// Copies what a broker cannot do without (store, files, signing key) into a new folder, laid out as a data_dir, so
/// that it can be put in the place of one. The broker may run meanwhile. The folder appears whole or not at all. Needs
/// the rights of the broker's user. @returns the exit code
int back_up(const config::sources& from, const std::string& folder, bool json);

} // namespace causeway::tools
