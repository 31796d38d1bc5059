<?php
usleep(20000);
header("X-Pod-Name: " . gethostname());
echo "ok\n";
