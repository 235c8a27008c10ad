#pragma once
#include <libunwind-x86_64.h>
