<?php
usleep($_SERVER["REQUEST_URI"] == "/slow" ? 6000000 : 20000);
echo "ok\n";
